import { SeededRandom } from '@logwerk/runtime/simulated'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createStickyPartitioner, type PartitionLoad } from './sticky-partitioner.ts'

const all = [0, 1, 2, 3, 4, 5, 6, 7]
const sticky = (options: { batchSizeBytes?: number; adaptive?: boolean; seed?: number } = {}) =>
  createStickyPartitioner({
    batchSizeBytes: options.batchSizeBytes ?? 100,
    adaptive: options.adaptive ?? true,
    random: new SeededRandom(options.seed ?? 1),
  })

/** How often each partition is drawn in `rounds` turns. */
function draws(
  partitioner: ReturnType<typeof sticky>,
  rounds: number,
  count: number,
  available: readonly number[],
  load?: PartitionLoad,
): number[] {
  const drawn = new Array<number>(count).fill(0)
  for (let round = 0; round < rounds; round++) {
    const partition = partitioner.current('t', count, available, load)
    drawn[partition]!++
    partitioner.onAppended('t', partition, 200, false)
  }
  return drawn
}

/** True if the turn on `partition` has ended: with eight partitions one of 20 next draws is another one, but for one case in 8^20. */
function isOver(seed: number, events: (partitioner: ReturnType<typeof sticky>, partition: number) => void): boolean {
  for (let attempt = 0; attempt < 20; attempt++) {
    const partitioner = sticky({ seed: seed + attempt })
    const partition = partitioner.current('t', 8, all)
    events(partitioner, partition)
    if (partitioner.current('t', 8, all) !== partition) return true
  }
  return false
}

describe('a turn (KIP-794)', () => {
  test.each<[string, number, boolean, boolean]>([
    ['less than a batch, full', 99, true, false],
    ['a batch, full', 100, true, true],
    ['a batch, not full', 100, false, false],
    ['nearly two, not full', 199, false, false],
    ['two, not full', 200, false, true],
  ])('%s', (_, bytes, batchFull, over) => {
    expect(isOver(10, (partitioner, partition) => partitioner.onAppended('t', partition, bytes, batchFull))).toBe(over)
  })

  test('counts bytes over several records', () => {
    const append = (times: number) =>
      isOver(20, (p, partition) => {
        for (let i = 0; i < times; i++) p.onAppended('t', partition, 50, true)
      })
    expect(append(1)).toBe(false)
    expect(append(2)).toBe(true)
  })

  test('that waited for the open batch ends when the sender takes it', () => {
    expect(
      isOver(30, (p, partition) => {
        p.onAppended('t', partition, 120, false)
        p.onAppended('t', partition, 0, true)
      }),
    ).toBe(true)
  })

  test('does not count what other partitions and topics got', () => {
    expect(isOver(40, (p, partition) => p.onAppended('t', (partition + 1) % 8, 1000, true))).toBe(false)
    expect(isOver(40, (p, partition) => p.onAppended('u', partition, 1000, true))).toBe(false)
  })

  test('starts from zero for the next partition', () => {
    const partitioner = sticky()
    const first = partitioner.current('t', 8, all)
    partitioner.onAppended('t', first, 200, true)
    const second = partitioner.current('t', 8, all)
    partitioner.onAppended('t', second, 99, true)
    for (let again = 0; again < 20; again++) expect(partitioner.current('t', 8, all)).toBe(second)
  })

  test('ends when the topic has become smaller', () => {
    for (let seed = 0; seed < 20; seed++) {
      const partitioner = sticky({ seed })
      partitioner.current('t', 8, all)
      expect(partitioner.current('t', 2, [0, 1])).toBeLessThan(2)
    }
  })

  test('is forgotten with its topic', () => {
    expect(isOver(50, p => p.forget('t'))).toBe(true)
  })

  test('a batch size of 0 moves on after every record', () => {
    const partitioner = sticky({ batchSizeBytes: 0 })
    expect(
      new Set(
        Array.from({ length: 100 }, () => {
          const partition = partitioner.current('t', 8, all)
          partitioner.onAppended('t', partition, 10, true)
          return partition
        }),
      ).size,
    ).toBe(8)
  })
})

describe('the next partition', () => {
  test('is uniform over the partitions with a leader', () => {
    const drawn = draws(sticky(), 8000, 8, [1, 2, 5, 7])
    for (const partition of [1, 2, 5, 7]) expect(Math.abs(drawn[partition]! - 2000)).toBeLessThan(200)
    expect(drawn[0]! + drawn[3]! + drawn[4]! + drawn[6]!).toBe(0)
  })

  test('is uniform over all when none has a leader', () => {
    for (const count of draws(sticky(), 8000, 4, [])) expect(Math.abs(count - 2000)).toBeLessThan(200)
  })

  const load = (...queues: number[]): PartitionLoad => ({ queueLength: (_, partition) => queues[partition]! })

  test('is drawn by how much shorter its queue is than the longest, plus one', () => {
    // Queues 0, 3 and 1: weights 4, 1 and 3. Source of the rule: BuiltInPartitioner.updatePartitionLoadStats.
    const drawn = draws(sticky(), 8000, 3, [0, 1, 2], load(0, 3, 1))
    for (const [partition, weight] of [4, 1, 3].entries()) expect(Math.abs(drawn[partition]! - weight * 1000)).toBeLessThan(150)
  })

  test.each<[string, boolean, PartitionLoad]>([
    ['adaptive partitioning is off', false, load(0, 9)],
    ['all queues are equally long', true, load(4, 4)],
    ['a partition never had a queue', true, load(9, -1)],
  ])('is uniform when %s', (_, adaptive, queues) => {
    for (const count of draws(sticky({ adaptive }), 8000, 2, [0, 1], queues)) expect(Math.abs(count - 4000)).toBeLessThan(250)
  })

  test('is always one of the available, whatever the queues', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(50), { minLength: 1, maxLength: 12 }),
        fc.array(fc.boolean(), { minLength: 12, maxLength: 12 }),
        fc.integer(),
        (queues, up, seed) => {
          const available = queues.map((_, partition) => partition).filter(partition => up[partition])
          const drawn = draws(sticky({ seed }), 30, queues.length, available, load(...queues))
          for (const [partition, count] of drawn.entries()) if (count > 0 && available.length > 0) expect(available).toContain(partition)
        },
      ),
    )
  })
})
