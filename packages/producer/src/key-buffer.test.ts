import { expect, test } from 'vitest'
import { KeyBuffer } from './key-buffer.ts'

test('gives the bytes of one key after the other, also when it has grown', () => {
  const keys = new KeyBuffer()
  for (const key of ['a', 'bcd', '', 'x'.repeat(1000), 'e', 'y'.repeat(128), 'z'.repeat(129), 'fgh', 'a']) {
    keys.writer.position = 0
    keys.writer.writeUtf8(key)
    expect(String(keys.bytes())).toBe(key)
  }
})
