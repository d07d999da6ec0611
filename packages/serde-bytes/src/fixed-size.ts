import type { ByteWriter } from '@logwerk/runtime'
import { type Serde, type SerdeContext, SerdeError } from '@logwerk/serde'
import { readableInPlace } from './in-place.ts'

/** A serde whose every value has the same size. Lists of them are written back to back. */
export interface FixedSizeSerde<T> extends Serde<T> {
  readonly sizeBytes: number
  serialize(value: T, context?: SerdeContext): Buffer
  serializeInto(value: T, writer: ByteWriter, context?: SerdeContext): void
  deserialize(data: Uint8Array, context?: SerdeContext): T
}

interface NumberFormat<T> {
  readonly name: string
  readonly sizeBytes: number
  /** What a value has to be, for the error; null if it is fine. */
  readonly complaint: (value: unknown) => string | null
  readonly write: (writer: ByteWriter, value: T) => void
  readonly writeAlone: (buffer: Buffer, value: T) => unknown
  readonly read: (buffer: Buffer, at: number) => T
}

/** A number in big-endian order, as Java's `DataOutputStream` writes it. */
export function fixedSizeNumber<T>(format: NumberFormat<T>): FixedSizeSerde<T> {
  const { name, sizeBytes, complaint, write, writeAlone, read } = format
  const check = (value: T) => {
    const complained = complaint(value)
    if (complained !== null) throw new SerdeError('ENCODE', complained)
  }
  const serde: FixedSizeSerde<T> = {
    name,
    sizeBytes,
    serialize(value) {
      check(value)
      const bytes = Buffer.allocUnsafe(sizeBytes)
      writeAlone(bytes, value)
      return bytes
    },
    serializeInto(value, writer) {
      check(value)
      write(writer, value)
    },
    deserialize(data) {
      checkSize(name, data.length, sizeBytes)
      return read(bufferOf(data), 0)
    },
  }
  return readableInPlace(serde, (data, start, end) => {
    checkSize(name, end - start, sizeBytes)
    return read(data, start)
  })
}

/** @throws SerdeError `TOO_SHORT` or `DECODE` that names both sizes. */
export function checkSize(name: string, found: number, sizeBytes: number): void {
  if (found === sizeBytes) return
  const detail = `${name}: ${sizeBytes} ${sizeBytes === 1 ? 'byte is' : 'bytes are'} expected, and this is ${found}`
  throw new SerdeError(found < sizeBytes ? 'TOO_SHORT' : 'DECODE', detail)
}

/** The same bytes as a Node buffer, without a copy. */
export function bufferOf(data: Uint8Array): Buffer {
  return Buffer.isBuffer(data) ? data : Buffer.from(data.buffer, data.byteOffset, data.length)
}

/** Beyond it a bigint is not shown in full. */
const SHOWN_BITS = 256

/** `a string`, `the number 1.5`, for messages about a value of the wrong kind. */
export function describe(value: unknown): string {
  switch (typeof value) {
    case 'number':
      return `the number ${value}`
    case 'bigint':
      return BigInt.asIntN(SHOWN_BITS, value) === value ? `the bigint ${value}n` : `a bigint of more than ${SHOWN_BITS} bits`
    case 'undefined':
      return 'undefined'
    case 'object':
      return value === null ? 'null' : Array.isArray(value) ? 'an array' : 'an object'
    default:
      return `a ${typeof value}`
  }
}
