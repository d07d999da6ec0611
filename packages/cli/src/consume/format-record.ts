import type { ConsumerRecord } from '@logwerk/consumer'
import type { Style } from '../style.ts'
import { printable } from '../table.ts'

/** How `consume` prints records. */
export type RecordFormatName = 'text' | 'json' | 'hex'
type Record = ConsumerRecord<Uint8Array, Uint8Array>

/** The line that a record is printed as, without its end. */
export function formatterOf(format: RecordFormatName, style: Style): (record: Record) => string {
  switch (format) {
    case 'json':
      return record => JSON.stringify(jsonOf(record))
    case 'hex':
      return record => lineOf(record, style, hexOf)
    case 'text':
      return record => lineOf(record, style, textOf)
  }
}

/** "orders-0 17  2026-01-31T12:00:00.000Z  key  value  name=header": what is missing is a dash. */
function lineOf(record: Record, style: Style, shown: (bytes: Uint8Array) => string): string {
  const time = record.timestamp < 0 ? '-'.padEnd(24) : new Date(record.timestamp).toISOString()
  const key = record.keyBytes === null ? style.dim('-') : style.cyan(shown(record.keyBytes))
  const value = record.valueBytes === null ? style.dim('(null)') : shown(record.valueBytes)
  const headers = record.headers.map(header => `${printable(header.key)}=${header.value === null ? '' : shown(header.value)}`)
  const place = style.dim(`${record.topic}-${record.partition} ${record.offset}  ${time}`)
  return [place, key, value, ...headers.map(style.dim)].join('  ')
}

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex')
}

/** Text on one line, whatever the bytes are: control characters and bytes that are no UTF-8 are shown as escapes. */
function textOf(bytes: Uint8Array): string {
  const text = utf8Of(bytes)
  return text !== null ? printable(text) : printable(Buffer.from(bytes).toString('latin1')).replace(/[\x80-\xff]/g, escapeByte)
}

function escapeByte(character: string): string {
  return `\\x${character.charCodeAt(0).toString(16)}`
}

/** What `produce --format json` takes: text where the bytes are text, else base64 in a field of another name. */
function jsonOf({ topic, partition, offset, timestamp, keyBytes, valueBytes, headers }: Record) {
  return {
    topic,
    partition,
    offset,
    timestamp,
    ...fieldOf('key', keyBytes),
    ...fieldOf('value', valueBytes),
    ...(headers.length === 0 ? {} : { headers: headers.map(({ key, value }) => ({ key, ...fieldOf('value', value) })) }),
  }
}

function fieldOf(name: string, bytes: Uint8Array | null): { readonly [field: string]: string | null } {
  if (bytes === null) return { [name]: null }
  const text = utf8Of(bytes)
  return text === null ? { [`${name}Base64`]: Buffer.from(bytes).toString('base64') } : { [name]: text }
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Null for bytes that are no UTF-8. */
function utf8Of(bytes: Uint8Array): string | null {
  try {
    return decoder.decode(bytes)
  } catch {
    return null
  }
}
