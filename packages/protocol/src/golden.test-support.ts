import { KafkaError } from '@logwerk/runtime'
import { describe, expect, test } from 'vitest'
import { completed } from './schema/arbitrary-message.test-support.ts'
import type { Message } from './schema/message.ts'
import { MessageReader } from './schema/message-reader.ts'
import { MessageWriter } from './schema/message-writer.ts'

/** Pairs of hexadecimal digits with a space between, then, two or more spaces on, whatever explains them. */
const ANNOTATED_LINE = /^\s*([0-9a-f]{2}(?: [0-9a-f]{2})*)(?:\s{2,}\S.*)?\s*$/

/**
 * The bytes of an annotated dump.
 *
 * @example bytesOf(`
 *   03 67 31     groupId, compact string: length + 1
 *   00           no tagged fields
 * `)
 */
export function bytesOf(annotatedHex: string): Buffer {
  const lines = annotatedHex.split('\n').filter(line => line.trim() !== '')
  return Buffer.concat(
    lines.map(line => {
      const match = ANNOTATED_LINE.exec(line)
      if (match === null) throw new Error(`no bytes at the start of "${line}"`)
      return Buffer.from(match[1]!.replaceAll(' ', ''), 'hex')
    }),
  )
}

/** The bytes of a message in one piece. */
export function encoded<In>(message: Message<unknown, In>, version: number, value: In): Buffer {
  const writer = new MessageWriter()
  message.codec(version).encode(writer, value)
  const bytes = Buffer.concat(writer.chunks())
  expect(bytes.length).toBe(writer.sizeBytes)
  return bytes
}

/** The code of the KafkaError that `task` throws; other errors go through. */
export function codeThrownBy(task: () => unknown): string {
  try {
    task()
  } catch (error) {
    if (error instanceof KafkaError) return error.code
    throw error
  }
  return 'nothing was thrown'
}

/**
 * Declares the tests of one message whose bytes are known: that `value` is written as these bytes, that they are read as `value`, that
 * no shorter message passes for this one, and that what follows is left alone.
 *
 * @param value         What encoding takes; decoding has to add the defaults of what is left out.
 * @param annotatedHex  As {@link bytesOf} takes it.
 * @param options       Where the bytes come from: another implementation, or a specification worked through by hand.
 */
export function golden<Out, In>(
  message: Message<Out, In>,
  version: number,
  value: In,
  annotatedHex: string,
  { source }: { readonly source: string },
): void {
  const bytes = bytesOf(annotatedHex)
  const codec = message.codec(version)
  const expected = completed(message.schema, value)

  describe(`${message.name} version ${version} (${source})`, () => {
    test('is written as these bytes', () => {
      expect(encoded(message, version, value).toString('hex')).toBe(bytes.toString('hex'))
    })

    test('is read from these bytes', () => {
      const reader = new MessageReader(bytes)
      expect(codec.decode(reader)).toStrictEqual(expected)
      expect(reader.position).toBe(bytes.length)
    })

    test('is malformed when cut short, wherever it is cut', () => {
      for (let length = 0; length < bytes.length; length++) {
        const cut = new MessageReader(bytes.subarray(0, length))
        expect(
          codeThrownBy(() => codec.decode(cut)),
          `${length} bytes`,
        ).toBe('MALFORMED_MESSAGE')
        // The same with more in the buffer: the reader's end counts, not the buffer's.
        expect(codeThrownBy(() => codec.decode(new MessageReader(bytes, 0, length)))).toBe('MALFORMED_MESSAGE')
      }
    })

    test('leaves what follows unread', () => {
      const reader = new MessageReader(Buffer.concat([bytes, Buffer.from('ffdeadbeef', 'hex')]))
      expect(codec.decode(reader)).toStrictEqual(expected)
      expect(reader.position).toBe(bytes.length)
    })
  })
}
