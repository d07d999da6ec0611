import { type ErrorPlace, formatPlace, KafkaError } from '@logwerk/runtime'

/** Why a key or value could not be written or read. Stable, safe to match on. */
export type SerdeReason =
  /** The data ends before what it should hold. */
  | 'TOO_SHORT'
  /** The data does not begin with the bytes that mark its format. */
  | 'BAD_MAGIC'
  /** The data names a schema that nobody here knows. */
  | 'UNKNOWN_SCHEMA'
  /** Both schemas are known, and the one that the data was written with cannot be read as the other. */
  | 'INCOMPATIBLE'
  /** The value does not fit its schema. */
  | 'VALIDATION'
  /** The value cannot be written in this format. */
  | 'ENCODE'
  /** The data is not of this format. */
  | 'DECODE'
  /** The schema demands a rule, encryption for instance, that cannot be carried out here. */
  | 'RULE_UNSUPPORTED'
  /** The schema registry could not be asked. */
  | 'REGISTRY'

export interface SerdeErrorOptions {
  /** Topic, partition and offset, as far as known. A serde leaves it out: the client fills it in. */
  readonly at?: ErrorPlace
  /** Whether it is about the record's key; the client fills it in. */
  readonly isKey?: boolean
  /** Where in the value: `items[2].price`; see {@link formatFieldPath}. */
  readonly path?: string
  /** The schema registry's id of the schema that the data names. */
  readonly schemaId?: number
  /** What the format's library threw. */
  readonly cause?: unknown
  /** Default false. True where the same data may work later, as when a schema registry is down. */
  readonly retriable?: boolean
}

/**
 * A key or value that could not be written or read; `code` is `SERDE_FAILED` and `reason` says more. `at` has the topic and, on
 * reading, the partition and offset.
 *
 * "orders-3, offset 17, value: at items[2].price: expected a number, got string "12" (VALIDATION)"
 */
export class SerdeError extends KafkaError {
  protected static override readonly brand: string = 'SerdeError'
  override readonly name: string = 'SerdeError'
  readonly reason: SerdeReason
  /** The message without the place. */
  readonly detail: string
  /** Undefined while no client has filled it in. */
  readonly isKey: boolean | undefined
  /** Where in the value, if it is about a part of it. */
  readonly path: string | undefined
  readonly schemaId: number | undefined

  /** @param detail  What is wrong and what to do, without the place and the path: they are put in front. */
  constructor(reason: SerdeReason, detail: string, options: SerdeErrorOptions = {}) {
    super('SERDE_FAILED', messageOfParts(reason, detail, options), options)
    this.reason = reason
    this.detail = detail
    this.isKey = options.isKey
    this.path = options.path
    this.schemaId = options.schemaId
  }
}

function messageOfParts(reason: SerdeReason, detail: string, { at, isKey, path }: SerdeErrorOptions): string {
  const place = [at === undefined ? '' : formatPlace(at), isKey === undefined ? '' : isKey ? 'key' : 'value'].filter(part => part !== '')
  return `${place.length === 0 ? '' : `${place.join(', ')}: `}${path === undefined || path === '' ? '' : `at ${path}: `}${detail} (${reason})`
}

/** The path of a field in the form that {@link SerdeError.path} has: `['items', 2, 'price']` gives `items[2].price`. */
export function formatFieldPath(segments: readonly (string | number)[]): string {
  let path = ''
  for (const segment of segments) {
    if (typeof segment === 'number') path += `[${segment}]`
    else if (/^[\p{L}_$][\p{L}\p{N}_$]*$/u.test(segment)) path += path === '' ? segment : `.${segment}`
    else path += `[${JSON.stringify(segment)}]`
  }
  return path
}
