import { type ByteWriter, readUtf8At } from '@logwerk/runtime'
import { type Serde, type SerdeContext, SerdeError } from '@logwerk/serde'
import { bufferOf, describe } from './fixed-size.ts'

interface StringSerde extends Serde<string> {
  serialize(value: string, context?: SerdeContext): Buffer
  serializeInto(value: string, writer: ByteWriter, context?: SerdeContext): void
  deserialize(data: Uint8Array, context?: SerdeContext): string
}

/**
 * UTF-8. Java's `StringSerializer` in its default encoding. The empty string has no bytes, and is not null. Half of a surrogate pair
 * is written as U+FFFD, and bytes that are not UTF-8 are read as that.
 */
export const string: StringSerde = {
  name: 'string',
  serialize(value) {
    check(value)
    return Buffer.from(value, 'utf8')
  },
  serializeInto(value, writer) {
    check(value)
    writer.writeUtf8(value)
  },
  deserialize: data => readUtf8At(bufferOf(data), 0, data.length),
}

function check(value: unknown): void {
  if (typeof value !== 'string') throw new SerdeError('ENCODE', `a string is expected, not ${describe(value)}`)
}
