import { describe, expect, test } from 'vitest'
import { bytesOfUuid } from '../uuid.ts'
import { nodeRandom } from './random.ts'

describe('nodeRandom', () => {
  test.each([0, 1, 15, 16, 1023, 1024, 1025, 5000])('gives %d bytes of their own', length => {
    const bytes = nodeRandom.bytes(length)
    expect(bytes).toHaveLength(length)
    expect(bytes.buffer.byteLength).toBe(length)
    if (length >= 15) expect(new Set(bytes).size).toBeGreaterThan(5)
  })

  test('never gives the same bytes twice, whatever the sizes and from whatever part of the pool', () => {
    const seen = new Set<string>()
    for (let index = 0; index < 5000; index++) {
      seen.add(Buffer.from(nodeRandom.bytes(12 + (index % 90))).toString('hex', 0, 12))
      nodeRandom.uint32()
    }
    expect(seen.size).toBe(5000)
  })

  test('what was given does not change with the next wish', () => {
    const first = nodeRandom.bytes(100)
    const copy = [...first]
    for (let index = 0; index < 100; index++) nodeRandom.bytes(1000)
    expect([...first]).toEqual(copy)
  })

  test.each([-1, 1.5, Number.NaN])('%d bytes are none', length => {
    expect(() => nodeRandom.bytes(length)).toThrow('a number of bytes is a whole number from 0')
  })

  test('uint32 is a whole number in [0, 2^32), and every bit of it is sometimes set and sometimes not', () => {
    let some = 0
    let all = 0xffff_ffff
    for (let index = 0; index < 2000; index++) {
      const value = nodeRandom.uint32()
      expect(Number.isInteger(value) && value >= 0 && value < 2 ** 32).toBe(true)
      some = (some | value) >>> 0
      all = (all & value) >>> 0
    }
    expect([some, all]).toEqual([0xffff_ffff, 0])
  })

  test('a uuid is of version 4, unique, and never begins with a dash', () => {
    const uuids = Array.from({ length: 20_000 }, () => nodeRandom.uuid())
    expect(new Set(uuids).size).toBe(uuids.length)
    // One in 64 would begin with a dash.
    expect(uuids.filter(uuid => uuid.startsWith('-'))).toEqual([])
    const bits = uuids.map(bytesOfUuid).map(bytes => `${bytes[6]! >> 4} ${bytes[8]! >> 6}`)
    expect(new Set(bits)).toEqual(new Set(['4 2']))
  })
})
