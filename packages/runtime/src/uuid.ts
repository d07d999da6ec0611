/**
 * A UUID in Kafka's text form: 22 characters of URL-safe base64 without padding (Kafka's `Uuid.toString`). A plain string, so
 * that it compares with `===`, is a map key and survives JSON.
 */
export type Uuid = string

/** All bits zero: "no id" wherever Kafka has an id. */
export const ZERO_UUID: Uuid = 'AAAAAAAAAAAAAAAAAAAAAA'

/** The text form of the 16 bytes at `at`. Throws a RangeError if `bytes` ends before. */
export function uuidOf(bytes: Uint8Array, at = 0): Uuid {
  // Checked here because the buffer behind a view goes on past its end.
  if (at < 0 || at + 16 > bytes.length) throw new RangeError(`a UUID needs 16 bytes at ${at}, but there are ${bytes.length} in all`)
  return Buffer.from(bytes.buffer, bytes.byteOffset + at, 16).toString('base64url')
}

const TEXT_FORM = /^[A-Za-z0-9_-]{22}$/

/**
 * The 16 bytes of `uuid`. Throws a TypeError if it is not 22 characters of URL-safe base64. The last four bits of the last character
 * carry nothing and are dropped, as Kafka's `Uuid.fromString` drops them.
 */
export function bytesOfUuid(uuid: Uuid): Uint8Array {
  // Node's decoder skips what is not base64, and takes padding and the other alphabet.
  if (!TEXT_FORM.test(uuid)) throw new TypeError(`not a Kafka UUID (22 characters of URL-safe base64): "${uuid}"`)
  return Buffer.from(uuid, 'base64url')
}

/** The dashed hexadecimal form that Java's `UUID.toString` gives; member ids end in one. */
export function dashedUuid(uuid: Uuid): string {
  const hex = Buffer.from(bytesOfUuid(uuid)).toString('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}

/** Sets the version and variant bits of RFC 9562 on 16 random bytes. */
export function asVersion4(bytes: Uint8Array): Uint8Array {
  bytes[6] = (bytes[6]! & 0x0f) | 0x40
  bytes[8] = (bytes[8]! & 0x3f) | 0x80
  return bytes
}
