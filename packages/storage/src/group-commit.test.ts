import { randomBelow, sleep } from '@logwerk/runtime'
import { createSimulation, type Simulation } from '@logwerk/runtime/simulated'
import { describe, expect, test } from 'vitest'
import { GroupCommit } from './group-commit.ts'
import type { FsyncMode } from './log-config.ts'

const SEEDS = Number(process.env['LOGWERK_SEEDS'] ?? 50)

/** A log of which only the end is known, on a disk that takes 10 ms for a sync. */
class Fixture {
  readonly simulation: Simulation = createSimulation({ seed: 1 })
  readonly commit: GroupCommit
  readonly syncs: { readonly atMs: number; readonly upTo: number }[] = []
  readonly failures: unknown[] = []
  readonly settled: string[] = []
  end = 0
  failing: Error | null = null

  constructor(mode: FsyncMode, intervalMs = 1000) {
    const { clock } = this.simulation.world
    const sync = async () => {
      const upTo = this.end
      this.syncs.push({ atMs: clock.monotonicMs(), upTo })
      await sleep(clock, 10)
      if (this.failing !== null) throw this.failing
      return upTo
    }
    this.commit = new GroupCommit(clock, { mode, intervalMs, syncedOffset: 0 }, sync, error => this.failures.push(error))
  }

  /** Appends one record and notes when it counts as durable. */
  append(): void {
    const offset = ++this.end
    this.commit.appended()
    this.note(`${offset}`, this.commit.durable(offset))
  }

  note(name: string, durable: Promise<void> | null): void {
    if (durable === null) this.settled.push(`${name} at once`)
    else this.#noteLater(name, durable)
  }

  #noteLater(name: string, durable: Promise<void>): void {
    const { clock } = this.simulation.world
    durable.then(
      () => this.settled.push(`${name} at ${clock.monotonicMs()}`),
      error => this.settled.push(`${name} failed: ${error.message}`),
    )
  }
}

describe("'batch'", () => {
  test('all that is appended in one turn shares one sync', async () => {
    const fixture = new Fixture('batch')
    for (let count = 0; count < 100; count++) fixture.append()
    await fixture.simulation.advance(9)
    expect(fixture.settled).toEqual([])
    await fixture.simulation.advance(1)
    expect(fixture.settled).toHaveLength(100)
    expect(fixture.syncs).toEqual([{ atMs: 0, upTo: 100 }])
  })

  test('what is appended during a sync shares the next, which begins when that one ends', async () => {
    const fixture = new Fixture('batch')
    fixture.append()
    await fixture.simulation.advance(3)
    fixture.append()
    fixture.append()
    await fixture.simulation.advance(4)
    fixture.append()
    await fixture.simulation.advance(100)
    expect(fixture.syncs).toEqual([
      { atMs: 0, upTo: 1 },
      { atMs: 10, upTo: 4 },
    ])
    expect(fixture.settled).toEqual(['1 at 10', '2 at 20', '3 at 20', '4 at 20'])
    expect(fixture.commit.syncedOffset).toBe(4)
  })

  test('what is durable already does not wait', async () => {
    const fixture = new Fixture('batch')
    fixture.append()
    await fixture.simulation.advance(10)
    expect(fixture.commit.durable(1)).toBeNull()
  })

  test('a sync that fails is the last: who waits learns it, and who comes later', async () => {
    const fixture = new Fixture('batch')
    fixture.failing = new Error('EIO')
    fixture.append()
    await fixture.simulation.advance(5)
    fixture.append()
    await fixture.simulation.advance(5)
    expect(fixture.settled).toEqual(['1 failed: EIO', '2 failed: EIO'])
    expect(fixture.failures).toEqual([fixture.failing])
    fixture.failing = null
    fixture.append()
    fixture.note('flush', fixture.commit.flush(3))
    await fixture.simulation.advance(1000)
    expect(fixture.settled.slice(2)).toEqual(['3 failed: EIO', 'flush failed: EIO'])
    expect(fixture.syncs).toHaveLength(1)
    expect(fixture.commit.syncedOffset).toBe(0)
  })
})

describe("'interval'", () => {
  test('acknowledges at once, and syncs once an interval while there is something to sync', async () => {
    const fixture = new Fixture('interval')
    fixture.append()
    fixture.append()
    await fixture.simulation.advance(600)
    fixture.append()
    await fixture.simulation.advance(3000)
    expect(fixture.settled).toEqual(['1 at once', '2 at once', '3 at once'])
    expect(fixture.syncs).toEqual([{ atMs: 1000, upTo: 3 }])
    fixture.append()
    await fixture.simulation.advance(3000)
    expect(fixture.syncs.slice(1)).toEqual([{ atMs: 4600, upTo: 4 }])
  })

  test('what is appended during a sync waits for the next interval', async () => {
    const fixture = new Fixture('interval')
    fixture.append()
    await fixture.simulation.advance(1005)
    fixture.append()
    await fixture.simulation.advance(3000)
    expect(fixture.syncs).toEqual([
      { atMs: 1000, upTo: 1 },
      { atMs: 2010, upTo: 2 },
    ])
  })

  test('a flush does not wait for the interval, and takes its place', async () => {
    const fixture = new Fixture('interval')
    fixture.append()
    await fixture.simulation.advance(100)
    fixture.note('flush', fixture.commit.flush(1))
    await fixture.simulation.advance(100)
    expect(fixture.settled).toEqual(['1 at once', 'flush at 110'])
    await fixture.simulation.advance(3000)
    expect(fixture.syncs).toEqual([{ atMs: 100, upTo: 1 }])
  })
})

describe("'os'", () => {
  test('acknowledges at once and never syncs by itself', async () => {
    const fixture = new Fixture('os')
    fixture.append()
    await fixture.simulation.advance(100_000)
    expect(fixture.settled).toEqual(['1 at once'])
    expect(fixture.syncs).toEqual([])
  })

  test('syncs for a flush', async () => {
    const fixture = new Fixture('os')
    fixture.append()
    fixture.note('flush', fixture.commit.flush(1))
    fixture.note('flush of nothing', fixture.commit.flush(0))
    await fixture.simulation.advance(100)
    expect(fixture.settled).toEqual(['1 at once', 'flush of nothing at 0', 'flush at 10'])
  })

  test("becomes 'batch' with the next append", async () => {
    const fixture = new Fixture('os')
    fixture.append()
    fixture.commit.configure('batch', 1000)
    fixture.append()
    await fixture.simulation.advance(100)
    expect(fixture.settled).toEqual(['1 at once', '2 at 10'])
    expect(fixture.commit.mode).toBe('batch')
  })
})

test('whatever comes in whatever order: nothing is durable before a sync that began after it, and nothing waits for ever', async () => {
  for (let seed = 0; seed < SEEDS; seed++) {
    const simulation = createSimulation({ seed })
    const { clock } = simulation.world
    const random = simulation.random('actions')
    let end = 0
    let synced = 0
    let running = 0
    const sync = async () => {
      const upTo = end
      expect(++running, `seed ${seed}`).toBe(1)
      await sleep(clock, randomBelow(random, 20))
      running--
      synced = upTo
      return upTo
    }
    const commit = new GroupCommit(clock, { mode: 'batch', intervalMs: 50, syncedOffset: 0 }, sync, error => expect.unreachable(`${error}`))
    let waiting = 0
    const wait = async (offset: number, durable: Promise<void> | null) => {
      waiting++
      await durable
      waiting--
      if (durable !== null) expect(synced, `seed ${seed}`).toBeGreaterThanOrEqual(offset)
    }
    const results: Promise<void>[] = []
    for (let step = 0; step < 60; step++) {
      const what = randomBelow(random, 10)
      if (what < 4) {
        end++
        commit.appended()
        results.push(wait(end, commit.durable(end)))
      } else if (what === 4) results.push(wait(end, commit.flush(end)))
      else if (what === 5) {
        commit.configure((['batch', 'interval', 'os'] as const)[randomBelow(random, 3)]!, 1 + randomBelow(random, 50))
        if (end > commit.syncedOffset) commit.appended()
      } else await simulation.advance(randomBelow(random, 15))
    }
    await simulation.advance(5000)
    await Promise.all(results)
    expect([waiting, running], `seed ${seed}`).toEqual([0, 0])
    if (commit.mode !== 'os') expect([commit.syncedOffset, synced], `seed ${seed}`).toEqual([end, end])
  }
})

describe('stop', () => {
  test('rejects who waits, and neither a timer nor a sync under way does anything after it', async () => {
    const fixture = new Fixture('batch')
    fixture.append()
    await fixture.simulation.advance(5)
    fixture.append()
    fixture.failing = new Error('the file is closed')
    fixture.commit.stop(new Error('stopped'))
    await fixture.simulation.advance(1000)
    expect(fixture.settled).toEqual(['1 failed: stopped', '2 failed: stopped'])
    expect(fixture.failures).toEqual([])
    expect(fixture.syncs).toHaveLength(1)
  })

  test('takes back the timer of an interval', async () => {
    const fixture = new Fixture('interval')
    fixture.append()
    fixture.commit.stop(new Error('stopped'))
    await fixture.simulation.advance(5000)
    expect(fixture.syncs).toEqual([])
  })
})
