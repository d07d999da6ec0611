import { readUtf8At } from '@logwerk/runtime'
import { SerdeError } from '@logwerk/serde'
import { bufferOf, checkSize, describe, type FixedSizeSerde } from './fixed-size.ts'
import { readableInPlace } from './in-place.ts'

const SIZE_BYTES = 36
const TEXT_FORM = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/
const TEXT_FORM_ANY_CASE = new RegExp(TEXT_FORM, 'i')

/**
 * A UUID as its 36 characters of dashed hexadecimal, `123e4567-e89b-12d3-a456-426614174000`: that is what Java's `UUIDSerializer`
 * writes, not the 16 bytes. Capital letters are made small in both directions, as Java does, so that equal ids are equal keys.
 */
export const uuid: FixedSizeSerde<string> = readableInPlace<string, FixedSizeSerde<string>>(
  {
    name: 'uuid',
    sizeBytes: SIZE_BYTES,
    serialize: value => Buffer.from(inSmallLetters(value, 'ENCODE'), 'latin1'),
    serializeInto: (value, writer) => void writer.writeUtf8(inSmallLetters(value, 'ENCODE')),
    deserialize: data => readAt(bufferOf(data), 0, data.length),
  },
  readAt,
)

function readAt(data: Buffer, start: number, end: number): string {
  checkSize('uuid', end - start, SIZE_BYTES)
  return inSmallLetters(readUtf8At(data, start, end), 'DECODE')
}

function inSmallLetters(text: unknown, reason: 'ENCODE' | 'DECODE'): string {
  if (typeof text !== 'string') throw new SerdeError(reason, `a uuid is a string, not ${describe(text)}`)
  if (TEXT_FORM.test(text)) return text
  if (TEXT_FORM_ANY_CASE.test(text)) return text.toLowerCase()
  const shown = text.length > 80 ? `${text.slice(0, 80)}…` : text
  throw new SerdeError(reason, `a uuid has the form 8-4-4-4-12 of hexadecimal digits, not "${shown}"`)
}
