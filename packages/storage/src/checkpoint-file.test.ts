import { createSimulation } from '@logwerk/runtime/simulated'
import { describe, expect, test } from 'vitest'
import { checkpointNumber, formatCheckpoint, parseCheckpoint, readCheckpoint, writeCheckpoint } from './checkpoint-file.ts'

const text = '0\n2\norders 0 17\norders 1 9007199254740991\n'

describe('format', () => {
  test("is Kafka's: version, count, then one entry a line", () => {
    expect(
      formatCheckpoint([
        ['orders', 0, 17],
        ['orders', 1, Number.MAX_SAFE_INTEGER],
      ]).toString(),
    ).toBe(text)
    expect(formatCheckpoint([]).toString()).toBe('0\n0\n')
  })

  test('gives back the fields', () => {
    expect(parseCheckpoint(text, 3)).toEqual([
      ['orders', '0', '17'],
      ['orders', '1', '9007199254740991'],
    ])
  })

  test('a text that is cut short anywhere is none', () => {
    for (let length = 0; length < text.length; length++) expect(parseCheckpoint(text.slice(0, length), 3)).toBeNull()
  })

  test.each([
    ['another version', '1\n1\na 0 1\n'],
    ['a count that lies', '0\n2\na 0 1\n'],
    ['too few fields', '0\n1\na 0\n'],
    ['too many fields', '0\n1\na 0 1 2\n'],
    ['an empty field', '0\n1\na  1\n'],
    ['something behind the end', '0\n1\na 0 1\nb 0 1\n'],
    ['zeros', '\0'.repeat(20)],
  ])('%s is none', (_, bad) => {
    expect(parseCheckpoint(bad, 3)).toBeNull()
  })
})

test('a number is whole, not negative and safe', () => {
  expect(['0', '17', '9007199254740991'].map(checkpointNumber)).toEqual([0, 17, Number.MAX_SAFE_INTEGER])
  expect(['', '-1', '1.5', '1e3', ' 1', '9007199254740993', 'x', undefined].map(checkpointNumber)).toEqual(Array(8).fill(null))
})

describe('file', () => {
  test('missing or damaged reads as null', () => {
    const { files, disk } = createSimulation({ seed: 1 })
    expect(readCheckpoint(files, '/c', 3)).toBeNull()
    writeCheckpoint(files, '/c', [['a', 0, 1]])
    expect(readCheckpoint(files, '/c', 3)).toEqual([['a', '0', '1']])
    disk.corrupt('/c', 0, Buffer.alloc(3))
    expect(readCheckpoint(files, '/c', 3)).toBeNull()
  })

  test('after a power cut at any step of a replacement holds the old entries or the new ones', () => {
    for (let seed = 0; seed < 20; seed++) {
      for (let step = 1; ; step++) {
        const simulation = createSimulation({ seed })
        writeCheckpoint(simulation.files, '/c', [['a', 0, 1]])
        const machine = simulation.machine('localhost')
        simulation.disk.crashAtStep(simulation.disk.steps + step)
        try {
          writeCheckpoint(simulation.files, '/c', [['a', 0, 2]])
        } catch {}
        const finished = machine.running
        if (finished) machine.crash()
        const read = readCheckpoint(machine.restart().files, '/c', 3)
        expect([[['a', '0', '2']], ...(finished ? [] : [[['a', '0', '1']]])], `seed ${seed}, step ${step}`).toContainEqual(read)
        if (finished) break
      }
    }
  })
})
