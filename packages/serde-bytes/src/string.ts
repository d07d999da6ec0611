import { type ByteWriter, readUtf8At } from '@logwerk/runtime'
import { type Serde, type SerdeContext, SerdeError } from '@logwerk/serde'
import { bufferOf, describe } from './fixed-size.ts'
import { readableInPlace } from './in-place.ts'

interface StringSerde extends Serde<string> {
  serialize(value: string, context?: SerdeContext): Buffer
  serializeInto(value: string, writer: ByteWriter, context?: SerdeContext): void
  deserialize(data: Uint8Array, context?: SerdeContext): string
}

/**
 * UTF-8. Java's `StringSerializer` in its default encoding. The empty string has no bytes, and is not null. Half of a surrogate pair
 * is written as `?`, as Java writes it, so that equal keys are equal bytes; bytes that are not UTF-8 are read as U+FFFD.
 */
export const string: StringSerde = readableInPlace<string, StringSerde>(
  {
    name: 'string',
    serialize(value) {
      return Buffer.from(encodable(value), 'utf8')
    },
    serializeInto(value, writer) {
      writer.writeUtf8(encodable(value))
    },
    deserialize: data => readUtf8At(bufferOf(data), 0, data.length),
  },
  readUtf8At,
)

/** Node 20 has it, the library of types that this is compiled with does not. */
interface WellFormedString {
  isWellFormed(): boolean
}

const HALVES_OF_PAIRS = /\p{Surrogate}/gu

function encodable(value: string): string {
  if (typeof value !== 'string') throw new SerdeError('ENCODE', `a string is expected, not ${describe(value)}`)
  return (value as unknown as WellFormedString).isWellFormed() ? value : value.replace(HALVES_OF_PAIRS, '?')
}
