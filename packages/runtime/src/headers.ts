/** One record header. Order and duplicates are kept, as Kafka keeps them; a null value is a value. */
export interface Header {
  readonly key: string
  readonly value: Uint8Array | null
}

export type Headers = readonly Header[]

/** Headers under construction, as a serializer sees them. */
export type MutableHeaders = Header[]

/** What a record's `headers` may be on input: a list, or a plain object whose strings are written as UTF-8. */
export type HeadersInput = Headers | Readonly<Record<string, Uint8Array | string | null>>

/** One list for all records without headers; frozen, because adding to it would add to every one of them. */
export const NO_HEADERS: Headers = Object.freeze([])

/** The list form of `input`, a new list. @throws TypeError that names the header whose value is neither bytes, a string nor null. */
export function headersOf(input: HeadersInput | undefined): MutableHeaders {
  const headers: MutableHeaders = []
  if (input === undefined) return headers
  if (Array.isArray(input)) {
    for (const header of input as Headers) headers.push(headerOf(header?.key, header?.value))
    return headers
  }
  // A Map, a Set or fetch's Headers has no properties of its own: its entries would be lost without a word.
  if (typeof input !== 'object' || input === null || Symbol.iterator in input) {
    throw new TypeError('headers must be a list of { key, value } or a plain object; use Object.fromEntries for a Map')
  }
  for (const key of Object.keys(input)) headers.push(headerOf(key, (input as Readonly<Record<string, unknown>>)[key]))
  return headers
}

function headerOf(key: unknown, value: unknown): Header {
  if (typeof key !== 'string') throw new TypeError(`a header's key must be a string, not ${key === null ? 'null' : typeof key}`)
  if (value === null || value instanceof Uint8Array) return { key, value }
  if (typeof value === 'string') return { key, value: Buffer.from(value, 'utf8') }
  throw new TypeError(`header "${key}": the value must be a Uint8Array, a string or null, not ${typeof value}`)
}

/** The value of the last header named `key`; undefined if there is none. */
export function lastHeader(headers: Headers, key: string): Uint8Array | null | undefined {
  for (let index = headers.length - 1; index >= 0; index--) if (headers[index]!.key === key) return headers[index]!.value
  return undefined
}
