import type { ByteWriter } from '@logwerk/runtime'
import type { Serializer } from '@logwerk/serde'

/** What a producer without serdes takes: bytes as they are, text as UTF-8. */
export const bytesOrText: Required<Serializer<Uint8Array | string>> & { readonly name: string } = {
  name: 'bytes or text',
  serialize(value) {
    if (typeof value === 'string') return Buffer.from(value, 'utf8')
    if (value instanceof Uint8Array) return value
    throw neither(value)
  },
  serializeInto(value: Uint8Array | string, writer: ByteWriter) {
    if (typeof value === 'string') writer.writeUtf8(value)
    else if (value instanceof Uint8Array) writer.writeBytes(value)
    else throw neither(value)
  },
}

function neither(value: unknown): TypeError {
  return new TypeError(
    `without a serde a Uint8Array or a string is expected, not ${typeof value}; give createProducer a "key" or "value" serde`,
  )
}
