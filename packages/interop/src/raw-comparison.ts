import { batchesOf } from '@logwerk/protocol'
import { ZERO_UUID } from '@logwerk/runtime'

export type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json }

/** Ids are made up by each broker: they are compared by what they stand for. */
export interface KnownIds {
  readonly topicNames: ReadonlyMap<string, string>
  /** When the broker was first asked for anything; a later time is "now". */
  readonly begunMs: number
}

/** What an answer has beside an error code: a wording of its own, and for Produce a log start that depends on how far the batch came. */
const MEANINGLESS_AFTER_ERROR: ReadonlySet<string> = new Set(['errorMessage', 'logStartOffset'])

/** By what the entries of a list are told apart, where their order means nothing. */
const SORT_KEYS = ['apiKey', 'name', 'topic', 'topicId', 'partitionIndex', 'partition', 'index', 'resourceName'] as const

/** An answer without what has to differ: ids, addresses, times of the broker, and the wording of messages. */
export function normalised(value: unknown, known: KnownIds, name = ''): Json {
  if (value instanceof Uint8Array) return name === 'records' ? batches(value, known) : Buffer.from(value).toString('hex')
  if (Array.isArray(value)) return sorted(value.map(entry => normalised(entry, known, name)))
  if (typeof value === 'object' && value !== null) {
    const failed = 'errorCode' in value && value.errorCode !== 'NONE'
    const entries = Object.entries(value).filter(([key]) => !(failed && MEANINGLESS_AFTER_ERROR.has(key)))
    return Object.fromEntries(entries.map(([key, inner]) => [key, normalised(inner, known, key)]))
  }
  if (typeof value === 'string') return text(value, known, name)
  if (typeof value === 'number') return number(value, known, name)
  return value as Json
}

function text(value: string, { topicNames }: KnownIds, name: string): string {
  switch (name) {
    case 'topicId':
      return value === ZERO_UUID ? 'zero' : `id of ${topicNames.get(value) ?? 'nothing known'}`
    case 'clusterId':
      return 'a cluster'
    case 'host':
      return 'a host'
    case 'errorMessage':
    case 'batchIndexErrorMessage':
    case 'documentation':
      return value === '' ? '' : 'a text'
    default:
      return value
  }
}

function number(value: number, { begunMs }: KnownIds, name: string): number | string {
  if (name === 'port') return 'a port'
  if (name === 'sessionId' && value > 0) return 'a session'
  if (name === 'producerId' && value >= 0) return 'a producer'
  if (value >= begunMs && value < begunMs + 3_600_000) return 'now'
  return value
}

/** The batches of a fetch, field by field. */
function batches(bytes: Uint8Array, known: KnownIds): Json {
  return [...batchesOf(bytes)].map(batch => {
    const fields: Record<string, Json> = {
      baseOffset: batch.baseOffset,
      lastOffset: batch.lastOffset,
      partitionLeaderEpoch: batch.partitionLeaderEpoch,
      attributes: batch.attributes,
      baseTimestamp: number(batch.baseTimestamp, known, ''),
      maxTimestamp: number(batch.maxTimestamp, known, ''),
      producerEpoch: batch.producerEpoch,
      baseSequence: batch.baseSequence,
      recordCount: batch.recordCount,
      isCrcValid: batch.isCrcValid(),
    }
    if (!batch.isCompressed) fields['payload'] = batch.bytes.subarray(61).toString('hex')
    return fields
  })
}

function sorted(entries: readonly Json[]): readonly Json[] {
  const key = SORT_KEYS.find(candidate => entries.every(entry => typeof entry === 'object' && entry !== null && candidate in entry))
  if (key === undefined) return entries
  const keyOf = (entry: Json) => (entry as Record<string, Json>)[key]
  const byKey = (a: Json, b: Json) => {
    const [left, right] = [keyOf(a), keyOf(b)]
    return typeof left === 'number' && typeof right === 'number' ? left - right : String(left) < String(right) ? -1 : 1
  }
  return [...entries].sort(byKey)
}

/** Paths at which two answers differ, as `a.0.b: real / ours`. Entries of lists are paired by their place after sorting. */
export function differences(real: Json, ours: Json, path = ''): readonly { readonly path: string; readonly text: string }[] {
  if (isBranch(real) && isBranch(ours) && Array.isArray(real) === Array.isArray(ours)) {
    const left = real as Readonly<Record<string, Json>>
    const right = ours as Readonly<Record<string, Json>>
    return [...new Set([...Object.keys(left), ...Object.keys(right)])].flatMap(key =>
      differences(left[key] ?? null, right[key] ?? null, path === '' ? key : `${path}.${key}`),
    )
  }
  return Object.is(real, ours) ? [] : [{ path, text: `${path}: real ${JSON.stringify(real)}, ours ${JSON.stringify(ours)}` }]
}

function isBranch(value: Json): boolean {
  return typeof value === 'object' && value !== null
}

/** True if `path` is one that `pattern` means: `*` stands for one step, `**` at the end for any number. */
export function covers(pattern: string, path: string): boolean {
  const steps = pattern.split('.')
  const taken = path.split('.')
  for (const [index, step] of steps.entries()) {
    if (step === '**') return true
    if (taken[index] === undefined || (step !== '*' && step !== taken[index])) return false
  }
  return steps.length === taken.length
}
