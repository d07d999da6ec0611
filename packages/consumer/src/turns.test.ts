import { createSimulation } from '@logwerk/runtime/simulated'
import { beforeEach, describe, expect, test } from 'vitest'
import { batchAt } from './batches.test-support.ts'
import type { Consumer } from './consumer-api.ts'
import { ScriptedCluster } from './scripted-cluster.test-support.ts'
import { Turns } from './turns.ts'

describe('turns', () => {
  /** Bodies of so many milliseconds, until it is somebody else's turn. */
  function loop(bodyMs: number): { count: number; looks: number } {
    const { clock } = createSimulation({ seed: 1 })
    let nowMs = 0
    let looks = 0
    const monotonicMs = () => {
      looks++
      return nowMs
    }
    const turns = new Turns({ nowMs: monotonicMs, monotonicMs, setTimer: clock.setTimer.bind(clock), soon: clock.soon.bind(clock) })
    looks = 0
    for (let count = 1; ; count++) {
      nowMs += bodyMs
      if (turns.isDue()) return { count, looks }
    }
  }

  test('are due after 10 ms, whatever a record takes', () => {
    expect(loop(100).count).toBe(1)
    expect(loop(3).count).toBe(4)
    expect(loop(0.01).count).toBeLessThan(1020)
  })

  test('cost a look at the clock for one in 16 records where they are quick', () => {
    const { count, looks } = loop(0.001)
    expect(looks).toBeLessThan(count / 15)
  })
})

describe('a loop that always finds records leaves others their turn', () => {
  const COUNT = 1000
  let cluster: ScriptedCluster
  let consumer: Consumer<Uint8Array, Uint8Array>
  let busyMs: number
  beforeEach(async () => {
    cluster = await ScriptedCluster.start(1)
    const values = Array.from({ length: COUNT }, (_, index) => `${index}`)
    cluster.topic('orders', 1)[0]!.batches.push(batchAt(0, values))
    const { world } = cluster.simulation.machine('reader')
    busyMs = 0
    const { clock } = world
    const busy = {
      nowMs: () => clock.nowMs(),
      monotonicMs: () => clock.monotonicMs() + busyMs,
      setTimer: clock.setTimer.bind(clock),
      soon: clock.soon.bind(clock),
    }
    consumer = cluster.consumer({ world: { ...world, clock: busy }, maxPollRecords: 5 })
    consumer.assign([{ topic: 'orders', partition: 0 }])
  })

  const ways: Record<string, (body: (count: number) => void) => Promise<void>> = {
    records: async body => {
      for await (const { offset } of consumer) {
        body(1)
        if (offset === COUNT - 1) break
      }
    },
    batches: async body => {
      for await (const { records } of consumer.batches()) {
        body(records.length)
        if (records.at(-1)!.offset === COUNT - 1) break
      }
    },
    poll: async body => {
      for (let seen = 0; seen < COUNT; ) {
        const records = await consumer.poll({ timeoutMs: 1000 })
        body(records.length)
        seen += records.length
      }
    },
  }

  test.each(Object.entries(ways).flatMap(([way, read]) => [2, 0.05].map(bodyMs => ({ way, read, bodyMs }))))(
    '$way, $bodyMs ms each',
    async ({ read, bodyMs }) => {
      let seen = 0
      const turns: number[] = []
      await cluster.run(
        read(count => {
          if (seen === 0) {
            const turn = () => {
              turns.push(seen)
              if (seen < COUNT) cluster.simulation.clock.soon(turn)
            }
            cluster.simulation.clock.soon(turn)
          }
          seen += count
          busyMs += bodyMs * count
        }),
      )
      expect(seen).toBe(COUNT)
      expect(turns.filter(at => at < COUNT).length).toBeGreaterThan((COUNT * bodyMs) / 20)
      await cluster.run(consumer.close())
    },
  )
})
