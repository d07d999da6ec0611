import type { Serializer } from '@logwerk/serde'

/** What a producer without serdes takes: bytes as they are, text as UTF-8. */
export const bytesOrText: Serializer<Uint8Array | string> & { readonly name: string } = {
  name: 'bytes or text',
  serialize(value) {
    if (typeof value === 'string') return Buffer.from(value, 'utf8')
    if (value instanceof Uint8Array) return value
    throw new TypeError(
      `without a serde a Uint8Array or a string is expected, not ${typeof value}; give createProducer a "key" or "value" serde`,
    )
  },
}
