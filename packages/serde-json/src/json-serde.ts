import { isUtf8 } from 'node:buffer'
import { type ByteWriter, messageOf, readUtf8At } from '@logwerk/runtime'
import { formatFieldPath, type Serde, type SerdeContext, SerdeError } from '@logwerk/serde'
import type { ValidationOptions, Validator } from './validator.ts'

/** A JSON serde always answers at once, and asks nothing of the context. */
export interface JsonSerde<In, Out = In> extends Serde<In, Out> {
  serialize(value: In, context?: SerdeContext): Buffer
  serializeInto(value: In, writer: ByteWriter, context?: SerdeContext): void
  deserialize(data: Uint8Array, context?: SerdeContext): Out
}

/** @param validator  Undefined: whatever is JSON will do. */
export function jsonSerde<In, Out>(name: string, validator?: Validator, options: ValidationOptions = {}): JsonSerde<In, Out> {
  const onWrite = options.validateOnWrite === false ? undefined : validator
  const onRead = options.validateOnRead === false ? undefined : validator
  const textOf = (value: In) => {
    // The value itself is written, not what the validator made of it: the schema describes the JSON, and a reader applies it again.
    if (onWrite !== undefined) validated(onWrite, value)
    return stringify(value)
  }
  return {
    name,
    serialize: value => Buffer.from(textOf(value), 'utf8'),
    serializeInto: (value, writer) => void writer.writeUtf8(textOf(value)),
    deserialize(data) {
      const value = parse(data)
      return (onRead === undefined ? value : validated(onRead, value)) as Out
    },
  }
}

function validated(validator: Validator, value: unknown): unknown {
  try {
    return validator(value)
  } catch (error) {
    if (error instanceof SerdeError) throw error
    // A check of the user's that throws, or a schema that contains itself and a value nested too deeply for it.
    throw new SerdeError('VALIDATION', `the check itself failed: ${messageOf(error)}`, { cause: error })
  }
}

function stringify(value: unknown): string {
  let text: string | undefined
  try {
    text = JSON.stringify(value)
  } catch (error) {
    throw notWritable(value, error)
  }
  if (text === undefined) throw new SerdeError('ENCODE', `${typeof value} is not a value that JSON has; for a tombstone send null`)
  return text
}

const REPLACEMENT = '\ufffd'

function parse(data: Uint8Array): unknown {
  if (data.length === 0) throw new SerdeError('TOO_SHORT', 'there are no bytes, and the shortest JSON has one')
  const buffer = Buffer.isBuffer(data) ? data : Buffer.from(data.buffer, data.byteOffset, data.length)
  // JSON needs no byte order mark, and some writers put one there all the same: a reader may ignore it (RFC 8259).
  const start = buffer[0] === 0xef && buffer[1] === 0xbb && buffer[2] === 0xbf ? 3 : 0
  const text = readUtf8At(buffer, start, buffer.length)
  // What is not UTF-8 was read as U+FFFD: the text would pass, and be another one than was written.
  if (text.includes(REPLACEMENT) && !isUtf8(buffer)) throw new SerdeError('DECODE', 'not JSON: it is not in UTF-8')
  try {
    return JSON.parse(text)
  } catch (error) {
    const hint = data[0] === 0 ? '; the first byte is 0, as in data that a schema registry keeps the schema of' : ''
    throw new SerdeError('DECODE', `not JSON: ${messageOf(error)}${hint}`, { cause: error })
  }
}

/** JSON.stringify does not say where it failed, so the place is looked up. */
function notWritable(value: unknown, error: unknown): SerdeError {
  const found = searched(value)
  if (found === null) return new SerdeError('ENCODE', `cannot be written as JSON: ${messageOf(error)}`, { cause: error })
  const detail = found.cycle
    ? 'the value contains itself, and JSON has no way to say that'
    : 'JSON has no bigint: write a string or, if it is a safe integer, a number'
  return new SerdeError('ENCODE', detail, { path: formatFieldPath(found.path), cause: error })
}

function searched(value: unknown): Unwritable | null {
  try {
    return findUnwritable(value, [], new Set(), new Set())
  } catch {
    // A getter that throws, as it did before: the first error says enough.
    return null
  }
}

/** The search goes no deeper: a value that overflowed the stack of JSON.stringify would overflow this one. */
const MAX_DEPTH = 500

interface Unwritable {
  readonly path: (string | number)[]
  readonly cycle: boolean
}

/**
 * @param within  The objects around `value`.
 * @param sound   Those in which there is nothing: they may be reached in very many ways.
 */
function findUnwritable(value: unknown, path: (string | number)[], within: Set<object>, sound: Set<object>): Unwritable | null {
  if (typeof value === 'bigint') return { path: [...path], cycle: false }
  if (typeof value !== 'object' || value === null || typeof (value as { toJSON?: unknown }).toJSON === 'function') return null
  if (within.has(value)) return { path: [...path], cycle: true }
  if (sound.has(value) || within.size === MAX_DEPTH) return null
  within.add(value)
  for (const key of Object.keys(value)) {
    path.push(Array.isArray(value) ? Number(key) : key)
    const found = findUnwritable((value as Record<string, unknown>)[key], path, within, sound)
    if (found !== null) return found
    path.pop()
  }
  within.delete(value)
  sound.add(value)
  return null
}
