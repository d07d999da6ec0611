import fc from 'fast-check'
import { expect, test } from 'vitest'
import { copyLiteral, copyMatch } from './copy-bytes.ts'

test('a literal of any length arrives, and nothing beside it changes', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), fc.nat(20), fc.nat(20), (literal, fromAt, toAt) => {
      const from = Buffer.concat([Buffer.alloc(fromAt, 1), literal, Buffer.alloc(5, 2)])
      const to = Buffer.alloc(toAt + literal.length + 7, 3)
      copyLiteral(from, fromAt, to, toAt, literal.length)
      expect(to).toEqual(Buffer.concat([Buffer.alloc(toAt, 3), literal, Buffer.alloc(7, 3)]))
    }),
  )
})

test('a match repeats byte by byte what lies its distance back, however it overlaps itself', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 100 }), fc.nat(), fc.nat(300), (history, back, length) => {
      const distance = 1 + (back % history.length)
      const bytes = Buffer.concat([history, Buffer.alloc(length + 5)])
      const expected = [...history]
      for (let index = 0; index < length; index++) expected.push(expected.at(-distance)!)
      copyMatch(bytes, history.length, distance, length)
      expect([...bytes]).toEqual([...expected, 0, 0, 0, 0, 0])
    }),
  )
})
