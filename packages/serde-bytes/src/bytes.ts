import type { ByteWriter } from '@logwerk/runtime'
import { type Serde, type SerdeContext, SerdeError } from '@logwerk/serde'
import { describe } from './fixed-size.ts'

interface BytesSerde extends Serde<Uint8Array> {
  serialize(value: Uint8Array, context?: SerdeContext): Uint8Array
  serializeInto(value: Uint8Array, writer: ByteWriter, context?: SerdeContext): void
  deserialize(data: Uint8Array, context?: SerdeContext): Uint8Array
}

/**
 * The bytes as they are, without a copy in either direction: what is read is a view into its batch. Java's `ByteArraySerializer`,
 * `BytesSerializer` and `ByteBufferSerializer`.
 */
export const bytes: BytesSerde = {
  name: 'bytes',
  serialize(value) {
    check(value)
    return value
  },
  serializeInto(value, writer) {
    check(value)
    writer.writeBytes(value)
  },
  deserialize: data => data,
}

function check(value: unknown): void {
  if (!(value instanceof Uint8Array)) throw new SerdeError('ENCODE', `bytes are a Uint8Array, not ${describe(value)}`)
}
