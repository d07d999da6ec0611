import type { ProducerRecord } from '@logwerk/producer'
import { type HeadersInput, nearest } from '@logwerk/runtime'

/** How a line becomes a record. */
export interface LineFormat {
  readonly topic: string
  readonly format: 'text' | 'json' | 'base64'
  /** Ends the key of a line of text or base64; null for records without a key. */
  readonly keySeparator: string | null
  /** Of every record whose line brings none. */
  readonly headers: HeadersInput
  /** Of every record whose line names none; `'byKey'`: what a line names is passed over, too. */
  readonly partition: number | 'byKey' | undefined
}

/** A record as a line brings it. */
export type LineRecord = ProducerRecord<Uint8Array | string, Uint8Array | string>

/**
 * The record of a line; null for a blank line of JSON.
 *
 * @throws Error that says what the line should be. The caller knows its number.
 */
export function recordOfLine(line: Buffer, format: LineFormat): LineRecord | null {
  if (format.format === 'json') return recordOfJson(line, format)
  const { topic, headers, keySeparator } = format
  const partition = format.partition === 'byKey' ? undefined : format.partition
  const decode = format.format === 'base64' ? bytesOfBase64 : (bytes: Buffer) => bytes
  if (keySeparator === null) return { topic, key: null, value: decode(line), headers, partition }
  const at = line.indexOf(keySeparator)
  if (at < 0) throw new Error(`there is no key: the separator ${JSON.stringify(keySeparator)} is missing`)
  const value = line.subarray(at + Buffer.byteLength(keySeparator))
  return { topic, key: decode(line.subarray(0, at)), value: decode(value), headers, partition }
}

/** `topic` and `offset` may stand there and mean nothing, so that what `consume` prints can be produced again. */
const FIELDS = ['key', 'keyBase64', 'value', 'valueBase64', 'headers', 'partition', 'timestamp', 'topic', 'offset'] as const

function recordOfJson(line: Buffer, { topic, headers, partition }: LineFormat): LineRecord | null {
  const text = line.toString('utf8')
  if (text.trim() === '') return null
  const object = parsed(text)
  for (const field of Object.keys(object)) {
    if ((FIELDS as readonly string[]).includes(field)) continue
    const guess = nearest(field, FIELDS)
    throw new Error(`unknown field "${field}"${guess === null ? `; there are ${FIELDS.join(', ')}` : `; did you mean "${guess}"?`}`)
  }
  const value = bytesOf(object, 'value')
  if (value === undefined) throw new Error('the field "value" is missing; null deletes the key in a compacted topic')
  return {
    topic,
    key: bytesOf(object, 'key') ?? null,
    value,
    headers: object['headers'] === undefined ? headers : headersOf(object['headers']),
    partition: partition === 'byKey' ? undefined : (countOf(object, 'partition') ?? partition),
    timestamp: countOf(object, 'timestamp'),
  }
}

type Fields = Readonly<Record<string, unknown>>

function parsed(text: string): Fields {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw new Error('this is not JSON; --format text sends lines as they are')
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Fields
  throw new Error('a record is an object, e.g. {"key":"k","value":"v"}; --format text sends lines as they are')
}

/** Undefined if the object has neither form of the field. */
function bytesOf(object: Fields, name: 'key' | 'value'): Uint8Array | string | null | undefined {
  const base64 = object[`${name}Base64`]
  const value = object[name]
  if (base64 !== undefined && base64 !== null) {
    if (value !== undefined && value !== null) throw new Error(`give "${name}" or "${name}Base64", not both`)
    if (typeof base64 !== 'string') throw new Error(`"${name}Base64" has to be a string`)
    return bytesOfBase64(Buffer.from(base64))
  }
  if (value === undefined || value === null || typeof value === 'string') return value
  checkNumbers(value, name)
  return JSON.stringify(value)
}

/** A number that JavaScript cannot hold would be sent as another one. */
function checkNumbers(value: unknown, name: string): void {
  if (typeof value === 'number' && Math.abs(value) > Number.MAX_SAFE_INTEGER) {
    throw new Error(`"${name}" holds a number that is too large to be kept exactly; write the JSON of "${name}" as a string`)
  }
  if (typeof value === 'object' && value !== null) for (const part of Object.values(value)) checkNumbers(part, name)
}

function headersOf(value: unknown): HeadersInput {
  const pairs = Array.isArray(value) ? value : Object.entries(Object(value)).map(([key, text]) => ({ key, value: text }))
  if (typeof value !== 'object' || value === null) throw new Error('"headers" has to be an object, or a list of { key, value }')
  return pairs.map((pair: unknown) => {
    const fields: Fields = Object(pair)
    const bytes = bytesOf(fields, 'value')
    if (typeof fields['key'] !== 'string' || bytes === undefined) throw new Error('a header has to be { "key": "k", "value": "v" }')
    return { key: fields['key'], value: typeof bytes === 'string' ? Buffer.from(bytes) : bytes }
  })
}

function countOf(object: Fields, name: string): number | undefined {
  const value = object[name]
  if (value === undefined || value === null) return undefined
  if (Number.isSafeInteger(value) && (value as number) >= 0) return value as number
  // What `consume` prints for a record without a timestamp.
  if (name === 'timestamp' && value === -1) return undefined
  throw new Error(`"${name}" has to be a whole number, not ${JSON.stringify(value)}`)
}

function bytesOfBase64(text: Buffer): Buffer {
  const given = text.toString('latin1')
  const bytes = Buffer.from(given, 'base64')
  // Buffer skips what is no base64, which would send something else than was meant.
  if (bytes.toString('base64').replace(/=+$/, '') !== given.replace(/=+$/, '').replaceAll('-', '+').replaceAll('_', '/')) {
    throw new Error('this is not base64')
  }
  return bytes
}
