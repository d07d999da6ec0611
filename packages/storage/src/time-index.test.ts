import { describe, expect, test } from 'vitest'
import { TimeIndex } from './time-index.ts'

function indexOf(baseOffset: number, ...entries: readonly (readonly [number, number])[]): TimeIndex {
  const index = new TimeIndex(baseOffset)
  for (const [timestamp, offset] of entries) index.maybeAppend(timestamp, offset)
  return index
}

describe('entries', () => {
  test('are added only while the timestamp rises', () => {
    const index = indexOf(100, [5000, 104], [5000, 110], [4000, 115], [5001, 120])
    expect(index.entryCount).toBe(2)
    expect(index.lastTimestamp).toBe(5001)
    expect(index.lastOffset).toBe(120)
  })

  test('without any, the greatest timestamp is -1 and the offset the base', () => {
    const index = new TimeIndex(100)
    expect([index.lastTimestamp, index.lastOffset, index.entryCount]).toEqual([-1, 100, 0])
  })

  test('lie in their segment', () => {
    expect(() => indexOf(100, [1, 99])).toThrow('an index entry lies within its segment')
  })
})

describe('floorOffset', () => {
  test('is an offset before which nothing reaches the timestamp', () => {
    const index = indexOf(100, [5000, 104], [6000, 110], [7000, 120])
    expect([4999, 5000, 5001, 6000, 6001, 7000, 7001, 9999].map(timestamp => index.floorOffset(timestamp))).toEqual([
      100, 100, 104, 104, 110, 110, 120, 120,
    ])
  })

  test('equals a search through all entries, also after the list has grown', () => {
    const entries = Array.from({ length: 300 }, (_, entry): [number, number] => [entry * 7 + 3, entry * 2])
    const index = indexOf(0, ...entries)
    for (let timestamp = 0; timestamp < 2200; timestamp += 3) {
      expect(index.floorOffset(timestamp)).toBe(entries.findLast(([at]) => at < timestamp)?.[1] ?? 0)
    }
  })
})

describe('file', () => {
  test('holds 12 bytes an entry: the timestamp, and the offset less the base, big-endian', () => {
    expect(indexOf(1000, [0x0198_0000_0001, 1003], [0x0198_0000_0002, 1010]).encode().toString('hex')).toBe(
      '0000019800000001' + '00000003' + '0000019800000002' + '0000000a',
    )
  })

  test('gives back timestamps of any size, and as many as there are', () => {
    const entries = Array.from({ length: 300 }, (_, entry): [number, number] => [entry * 0x7fff_fff1 + (entry % 3), entry])
    entries.push([Number.MAX_SAFE_INTEGER, 300])
    const bytes = indexOf(0, ...entries).encode()
    expect(entries.map((_, entry) => Number(bytes.readBigInt64BE(entry * 12)))).toEqual(entries.map(([timestamp]) => timestamp))
    const read = TimeIndex.decode(0, bytes)!
    expect(read.encode().equals(bytes)).toBe(true)
    read.maybeAppend(2 ** 60, 301)
    expect([read.entryCount, read.lastTimestamp]).toEqual([302, 2 ** 60])
  })

  test('gives back what was written', () => {
    const read = TimeIndex.decode(1000, indexOf(1000, [5000, 1003], [6000, 1010]).encode())
    expect([read?.entryCount, read?.lastTimestamp, read?.lastOffset]).toEqual([2, 6000, 1010])
    expect(read?.floorOffset(5500)).toBe(1003)
  })

  test.each([
    ['of odd length', '0000000000000005000000'],
    ['whose timestamps do not rise', '000000000000000500000000' + '000000000000000500000001'],
    ['whose offsets fall', '000000000000000500000002' + '000000000000000600000001'],
    ['of zeros', '00'.repeat(36)],
    ['with an offset before the segment', '0000000000000005ffffffff'],
  ])('%s is no index', (_, hex) => {
    expect(TimeIndex.decode(0, Buffer.from(hex, 'hex'))).toBeNull()
  })
})
