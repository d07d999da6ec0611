const POLYNOMIAL = 0xedb8_8320

const table = Int32Array.from({ length: 256 }, (_, byte) => {
  let remainder = byte
  for (let bit = 0; bit < 8; bit++) remainder = remainder & 1 ? (remainder >>> 1) ^ POLYNOMIAL : remainder >>> 1
  return remainder
})

/** The CRC-32 of zlib and of librdkafka's partitioners, an unsigned integer. (The CRC of record batches is another, CRC-32C.) */
export function crc32(bytes: Uint8Array): number {
  let remainder = -1
  for (let at = 0; at < bytes.length; at++) remainder = (remainder >>> 8) ^ table[(remainder ^ bytes[at]!) & 0xff]!
  return ~remainder >>> 0
}
