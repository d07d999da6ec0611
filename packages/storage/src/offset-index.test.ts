import { describe, expect, test } from 'vitest'
import { OffsetIndex } from './offset-index.ts'

function indexOf(baseOffset: number, ...entries: readonly (readonly [number, number])[]): OffsetIndex {
  const index = new OffsetIndex(baseOffset)
  for (const [offset, position] of entries) index.append(offset, position)
  return index
}

describe('floor', () => {
  test('is the last entry at or below an offset, and the start of the segment before the first', () => {
    const index = indexOf(1000, [1009, 4200], [1019, 8400], [1020, 12_600])
    const cases: [number, number, number][] = [
      [1000, 1000, 0],
      [1008, 1000, 0],
      [1009, 1009, 4200],
      [1018, 1009, 4200],
      [1019, 1019, 8400],
      [1020, 1020, 12_600],
      [9999, 1020, 12_600],
      [10, 1000, 0],
    ]
    for (const [offset, entryOffset, positionBytes] of cases) expect(index.floor(offset)).toEqual({ offset: entryOffset, positionBytes })
  })

  test('equals a search through all entries, also after the list has grown', () => {
    const entries = Array.from({ length: 500 }, (_, entry): [number, number] => [entry * 3 + 2, (entry + 1) * 4097])
    const index = indexOf(0, ...entries)
    for (let offset = 0; offset < 1600; offset++) {
      const [entryOffset, positionBytes] = entries.findLast(([at]) => at <= offset) ?? [0, 0]
      expect(index.floor(offset)).toEqual({ offset: entryOffset, positionBytes })
    }
  })
})

describe('file', () => {
  test('holds 8 bytes an entry: the offset less the base, and the position, big-endian', () => {
    const index = indexOf(0x1_0000_0000, [0x1_0000_0005, 0x1111], [0x1_0001_0000, 0x7fff_fffe])
    expect(index.encode().toString('hex')).toBe('0000000500001111' + '000100007ffffffe')
    expect(index.sizeBytes).toBe(16)
  })

  test('gives back what was written', () => {
    const index = indexOf(7, [8, 1], [20, 900])
    const read = OffsetIndex.decode(7, index.encode(), 901)
    expect(read?.entryCount).toBe(2)
    expect(read?.floor(19)).toEqual({ offset: 8, positionBytes: 1 })
    read?.append(21, 1000)
    expect(read?.floor(21)).toEqual({ offset: 21, positionBytes: 1000 })
  })

  test.each([
    ['of odd length', '00000005000011'],
    ['whose offsets do not rise', '0000000500000100' + '0000000500000200'],
    ['whose positions do not rise', '0000000500000200' + '0000000600000200'],
    ['that points past the end of the log', '0000000500001000'],
    ['of zeros', '00'.repeat(32)],
    ['with a negative offset', 'ffffffff00000001'],
  ])('%s is no index', (_, hex) => {
    expect(OffsetIndex.decode(0, Buffer.from(hex, 'hex'), 0x1000)).toBeNull()
  })

  test('may be empty', () => {
    expect(OffsetIndex.decode(5, Buffer.alloc(0), 0)?.floor(9)).toEqual({ offset: 5, positionBytes: 0 })
  })
})

test('an entry lies in its segment and above the one before', () => {
  expect(() => indexOf(10, [9, 1])).toThrow('an index entry lies within its segment')
  expect(() => indexOf(0, [0x8000_0000, 1])).toThrow('an index entry lies within its segment')
  expect(() => indexOf(10, [12, 1], [12, 2])).toThrow('index offsets rise')
})
