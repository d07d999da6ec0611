import { KafkaError } from '@logwerk/runtime'
import type { Message } from '../schema/message.ts'
import { MessageReader } from '../schema/message-reader.ts'
import { MessageWriter } from '../schema/message-writer.ts'

/**
 * A message with its version in front as an int16: how it stands in the records of `__consumer_offsets`, in control records, and in the
 * blobs that consumers exchange through JoinGroup and SyncGroup.
 *
 * @throws KafkaError `UNSUPPORTED_VERSION` as `Codec.encode` does.
 */
export function encodeVersioned<In>(message: Message<unknown, In>, version: number, value: In): Buffer {
  const writer = new MessageWriter()
  writer.writeInt16(version)
  message.codec(version).encode(writer, value)
  return writer.bytes()
}

export interface DecodeVersionedOptions {
  /**
   * `'error'` refuses a version above the newest known one; `'asNewest'` reads it as that one and leaves the rest unread, which is the
   * rule where members of different ages meet. Default: `'error'`.
   */
  readonly newer?: 'error' | 'asNewest'
}

/** Reads what {@link encodeVersioned} writes. @throws KafkaError `UNSUPPORTED_VERSION`, `MALFORMED_MESSAGE` */
export function decodeVersioned<Out>(
  message: Message<Out, unknown>,
  bytes: Uint8Array,
  { newer = 'error' }: DecodeVersionedOptions = {},
): { readonly version: number; readonly value: Out } {
  const reader = new MessageReader(bytes)
  const version = reader.readInt16()
  const [first, last] = message.versions
  if (version < first || (version > last && newer === 'error')) {
    throw new KafkaError('UNSUPPORTED_VERSION', `${message.name} has the versions ${first} to ${last}, not ${version}`)
  }
  return { version, value: message.codec(Math.min(version, last)).decode(reader) }
}
