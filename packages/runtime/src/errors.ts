import { type BrokerErrorCode, brokerErrorCodes } from './error-codes.ts'

/**
 * Codes of errors that no broker sent, beside Kafka's own. `retriable` as for {@link KafkaError.retriable}.
 * Kafka's codes serve wherever one fits: `NETWORK_EXCEPTION`, `REQUEST_TIMED_OUT`, `INVALID_CONFIG`, `RECORD_TOO_LARGE`'s
 * `MESSAGE_TOO_LARGE`, `CORRUPT_MESSAGE`, `UNSUPPORTED_VERSION`.
 */
export const clientErrorCodes = {
  /** Bytes that are not the message they should be. */
  MALFORMED_MESSAGE: { retriable: false },
  /** A peer that answers, but not in Kafka's protocol. */
  NOT_KAFKA: { retriable: false },
  /** The object was closed, or closes while the call waits. */
  CLOSED: { retriable: false },
  /** A call that does not fit the object's state; the message says what to do first. */
  ILLEGAL_STATE: { retriable: false },
  /** The producer's buffer stayed full for `maxBlockMs`. */
  BUFFER_EXHAUSTED: { retriable: true },
  /** A partitioner threw or answered outside the topic's partitions. */
  PARTITIONER_FAILED: { retriable: false },
  /** A serializer or deserializer failed; see `SerdeError`. */
  SERDE_FAILED: { retriable: false },
  /** No committed offset and `autoOffsetReset: 'none'`, or an offset outside the log with no policy. */
  NO_OFFSET: { retriable: false },
  /** The log ends before the consumer's position: records it had read are gone. */
  LOG_TRUNCATED: { retriable: false },
  /** The poll loop was slower than `maxPollIntervalMs` and the member left its group. */
  POLL_INTERVAL_EXCEEDED: { retriable: false },
  /** A file or directory operation failed; `osCode` says how. */
  STORAGE_ERROR: { retriable: false },
  /** Bytes in a data directory that recovery may not cut away. */
  CORRUPT_LOG: { retriable: false },
  /** Another process has the data directory open. */
  DIRECTORY_LOCKED: { retriable: false },
  /** The listener's address is taken. */
  ADDRESS_IN_USE: { retriable: false },
} as const

export type ClientErrorCode = keyof typeof clientErrorCodes
export type KafkaErrorCode = BrokerErrorCode | ClientErrorCode

/** Where something went wrong, as far as it is known. */
export interface ErrorPlace {
  /** A broker's id, or `host:port` before the id is known. */
  readonly broker?: number | string
  readonly topic?: string
  readonly partition?: number
  readonly offset?: number
  readonly groupId?: string
  /** A file or directory. */
  readonly path?: string
}

export interface KafkaErrorOptions {
  readonly at?: ErrorPlace
  readonly cause?: unknown
  /** Overrides the table's flag where the place of the failure decides. */
  readonly retriable?: boolean
}

const BRAND = Symbol.for('logwerk.KafkaError')

/**
 * Every failure that Logwerk reports. Match on `code`: it is stable and documented, while messages may change in any release.
 * `instanceof` asks for a brand, not for the class object, so it also holds for errors of another copy of this package.
 */
export class KafkaError extends Error {
  /** What `instanceof` looks for; a subclass that sets its own is recognised across copies too. */
  protected static readonly brand: string = 'KafkaError'
  override readonly name: string = 'KafkaError'
  /** Stable, documented, safe to match on. */
  readonly code: KafkaErrorCode
  /** True when the same call may succeed later without any change by the caller. */
  readonly retriable: boolean
  /** Where it happened, as far as known; printed by the command line. */
  readonly at: ErrorPlace

  constructor(code: KafkaErrorCode, message: string, options: KafkaErrorOptions = {}) {
    // A stack begins with the name that the prototype has: it is taken before the field is there.
    const { prototype, brand } = new.target as typeof KafkaError
    if (!Object.hasOwn(prototype, 'name')) Object.defineProperty(prototype, 'name', { value: brand, writable: true, configurable: true })
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.retriable = options.retriable ?? isRetriableCode(code)
    this.at = options.at ?? {}
    const brands: string[] = []
    for (let type = new.target as typeof KafkaError; type !== (Error as unknown); type = Object.getPrototypeOf(type))
      brands.push(type.brand)
    Object.defineProperty(this, BRAND, { value: brands })
  }

  static override [Symbol.hasInstance](value: unknown): boolean {
    if (typeof value !== 'object' || value === null) return false
    // A subclass without a brand of its own is an ordinary class.
    // biome-ignore lint/complexity/noThisInStatic: `this` is the class on the right of instanceof, often a subclass
    if (!Object.hasOwn(this, 'brand')) return Function.prototype[Symbol.hasInstance].call(this, value)
    const brands = (value as { [BRAND]?: unknown })[BRAND]
    // biome-ignore lint/complexity/noThisInStatic: `this` is the class on the right of instanceof, often a subclass
    return Array.isArray(brands) && brands.includes(this.brand)
  }
}

/** A wait that ran out: `maxBlockMs`, `deliveryTimeoutMs`, `requestTimeoutMs`, or a call's own `timeoutMs`. */
export class TimeoutError extends KafkaError {
  protected static override readonly brand: string = 'TimeoutError'
  override readonly name: string = 'TimeoutError'
  constructor(message: string, options: KafkaErrorOptions & { readonly code?: KafkaErrorCode } = {}) {
    super(options.code ?? 'REQUEST_TIMED_OUT', message, options)
  }
}

/** A record larger than `maxRequestSize`, `bufferMemory` or the topic's `max.message.bytes`. */
export class RecordTooLargeError extends KafkaError {
  protected static override readonly brand: string = 'RecordTooLargeError'
  override readonly name: string = 'RecordTooLargeError'
  /** Size that the record would have in a batch of its own. */
  readonly sizeBytes: number
  /** The limit that it exceeds; -1 if it is the broker's, which does not tell. */
  readonly limitBytes: number
  constructor(message: string, sizeBytes: number, limitBytes: number, options: KafkaErrorOptions = {}) {
    super('MESSAGE_TOO_LARGE', message, options)
    this.sizeBytes = sizeBytes
    this.limitBytes = limitBytes
  }
}

/** A failed file operation; `osCode` is the operating system's (`ENOSPC`, `EIO`, ...). */
export class StorageError extends KafkaError {
  protected static override readonly brand: string = 'StorageError'
  override readonly name: string = 'StorageError'
  readonly osCode: string
  constructor(message: string, osCode: string, options: KafkaErrorOptions = {}) {
    super('STORAGE_ERROR', message, options)
    this.osCode = osCode
  }
}

/** The table's flag for `code`; an error's own {@link KafkaError.retriable} may differ. */
export function isRetriableCode(code: KafkaErrorCode): boolean {
  return code in clientErrorCodes
    ? clientErrorCodes[code as ClientErrorCode].retriable
    : brokerErrorCodes[code as BrokerErrorCode].retriable
}

/**
 * The error for a code that a broker answered: "orders-3, broker 2: this broker does not lead the partition
 * (NOT_LEADER_OR_FOLLOWER, retriable)".
 *
 * @param detail  The broker's own message, where the response carries one.
 */
export function brokerError(code: BrokerErrorCode, at: ErrorPlace = {}, detail?: string | null): KafkaError {
  const { description, retriable } = brokerErrorCodes[code]
  const place = formatPlace(at)
  const text = detail ? `${description}: ${detail}` : description
  return new KafkaError(code, `${place === '' ? '' : `${place}: `}${text} (${code}${retriable ? ', retriable' : ''})`, { at })
}

/** True for a code of Kafka's protocol, which a broker may answer. */
export function isBrokerErrorCode(code: KafkaErrorCode): code is BrokerErrorCode {
  return Object.hasOwn(brokerErrorCodes, code)
}

/** "orders-3, offset 17, group billing, broker 2". */
export function formatPlace(at: ErrorPlace): string {
  const parts: string[] = []
  if (at.topic !== undefined) parts.push(at.partition === undefined ? `topic ${at.topic}` : `${at.topic}-${at.partition}`)
  else if (at.partition !== undefined) parts.push(`partition ${at.partition}`)
  if (at.offset !== undefined) parts.push(`offset ${at.offset}`)
  if (at.groupId !== undefined) parts.push(`group ${at.groupId}`)
  if (at.broker !== undefined) parts.push(`broker ${at.broker}`)
  if (at.path !== undefined) parts.push(at.path)
  return parts.join(', ')
}

/** The message of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
