import { createSimulation } from '@logwerk/runtime/simulated'
import { describe, expect, test } from 'vitest'
import { LeaderEpochs } from './leader-epochs.ts'

const three = [
  { epoch: 2, startOffset: 10 },
  { epoch: 3, startOffset: 20 },
  { epoch: 7, startOffset: 30 },
]

describe('OffsetForLeaderEpoch, as measured on Kafka 4.4.0', () => {
  const epochs = new LeaderEpochs(three)
  test('the latest epoch -> itself and the end of the log', () => {
    expect(epochs.endOffsetOf(7, 44)).toEqual({ epoch: 7, endOffset: 44 })
  })
  test('a later epoch, or -1 -> (-1, -1)', () => {
    expect(epochs.endOffsetOf(8, 44)).toEqual({ epoch: -1, endOffset: -1 })
    expect(epochs.endOffsetOf(-1, 44)).toEqual({ epoch: -1, endOffset: -1 })
  })
  test('an epoch below the first known -> itself and the start of the first known', () => {
    expect(epochs.endOffsetOf(0, 44)).toEqual({ epoch: 0, endOffset: 10 })
    expect(epochs.endOffsetOf(1, 44)).toEqual({ epoch: 1, endOffset: 10 })
  })
  test('else the largest epoch at or below, and the start of the next higher', () => {
    expect(epochs.endOffsetOf(2, 44)).toEqual({ epoch: 2, endOffset: 20 })
    expect(epochs.endOffsetOf(3, 44)).toEqual({ epoch: 3, endOffset: 30 })
    expect(epochs.endOffsetOf(5, 44)).toEqual({ epoch: 3, endOffset: 30 })
  })
  test('without any epoch -> (-1, -1)', () => {
    expect(new LeaderEpochs().endOffsetOf(0, 0)).toEqual({ epoch: -1, endOffset: -1 })
  })
})

describe('assign', () => {
  test('notes a new epoch once', () => {
    const epochs = new LeaderEpochs()
    expect(epochs.assign(0, 0)).toBe(true)
    expect(epochs.assign(0, 5)).toBe(false)
    expect(epochs.assign(1, 9)).toBe(true)
    expect(epochs.entries).toEqual([
      { epoch: 0, startOffset: 0 },
      { epoch: 1, startOffset: 9 },
    ])
    expect(epochs.latest).toBe(1)
  })

  test('drops what it contradicts', () => {
    const epochs = new LeaderEpochs(three)
    epochs.assign(8, 30)
    expect(epochs.entries).toEqual([three[0], three[1], { epoch: 8, startOffset: 30 }])
    epochs.assign(3, 15)
    expect(epochs.entries).toEqual([three[0], { epoch: 3, startOffset: 15 }])
  })
})

test('the epoch of an offset is that of the last start at or below it', () => {
  const epochs = new LeaderEpochs(three)
  expect([9, 10, 19, 20, 29, 30, 99].map(offset => epochs.epochOf(offset))).toEqual([-1, 2, 2, 3, 3, 7, 7])
})

describe('truncation', () => {
  test('from the end forgets epochs that start behind it, and keeps the number of one that starts there', () => {
    const epochs = new LeaderEpochs(three)
    epochs.truncateFromEnd(30)
    expect(epochs.latest).toBe(7)
    epochs.truncateFromEnd(29)
    expect(epochs.entries).toEqual(three.slice(0, 2))
  })

  test('from the start lets the epoch around it begin there', () => {
    const epochs = new LeaderEpochs(three)
    epochs.truncateFromStart(5)
    expect(epochs.entries).toEqual(three)
    epochs.truncateFromStart(25)
    expect(epochs.entries).toEqual([
      { epoch: 3, startOffset: 25 },
      { epoch: 7, startOffset: 30 },
    ])
    epochs.truncateFromStart(99)
    expect(epochs.entries).toEqual([{ epoch: 7, startOffset: 99 }])
  })
})

describe('file', () => {
  test("is Kafka's leader-epoch-checkpoint", () => {
    const { files, disk } = createSimulation({ seed: 1 })
    new LeaderEpochs(three).write(files, '/e')
    expect(Buffer.from(disk.contents().get('/e')!).toString()).toBe('0\n3\n2 10\n3 20\n7 30\n')
    expect(LeaderEpochs.read(files, '/e')?.entries).toEqual(three)
    new LeaderEpochs(three.slice(0, 1)).writeUnsynced(files, '/e')
    expect(LeaderEpochs.read(files, '/e')?.entries).toEqual(three.slice(0, 1))
    expect(files.list('/')).toEqual(['e'])
  })

  test.each([
    ['nothing', ''],
    ['a number that is none', '0\n1\n2 ten\n'],
    ['epochs that do not rise', '0\n2\n2 10\n2 20\n'],
    ['offsets that do not rise', '0\n2\n2 10\n3 10\n'],
    ['zeros', '\0\0\0\0'],
  ])('with %s is as good as none', (_, text) => {
    const { files } = createSimulation({ seed: 1 })
    const file = files.open('/e', 'create')
    file.writev([Buffer.from(text)], 0)
    expect(LeaderEpochs.read(files, '/e')).toBeNull()
  })

  test('that is missing is none', () => {
    expect(LeaderEpochs.read(createSimulation({ seed: 1 }).files, '/e')).toBeNull()
  })
})
