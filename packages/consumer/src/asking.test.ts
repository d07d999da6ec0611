import { createSimulation } from '@logwerk/runtime/simulated'
import { expect, test } from 'vitest'
import { Asking } from './asking.ts'
import { ConsumerEnd } from './consumer-end.ts'
import { Hand } from './hand.ts'
import { PendingErrors } from './pending-errors.ts'
import { PollGate } from './poll-gate.ts'

test('passing the gate leaves nothing with the end, which may be years away', async () => {
  const simulation = createSimulation({ seed: 1 })
  const gate = new PollGate()
  const listeners = new Set<() => void>()
  let thenCount = 0
  class End extends ConsumerEnd {
    override onReached(listener: () => void) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    }
  }
  const end = new End()
  const { reached } = end
  Object.assign(reached, {
    // biome-ignore lint/suspicious/noThenProperty: it is a promise, whose listeners are counted
    then: (...listener: Parameters<Promise<void>['then']>) => {
      thenCount++
      return Promise.prototype.then.apply(reached, listener)
    },
  })
  const asking = new Asking(simulation.world, {
    gate,
    hand: new Hand(),
    errors: new PendingErrors(() => {}),
    end,
    ready: async () => {},
    onBegin() {},
    onTaken() {},
    hasRecords: () => false,
  })
  for (let round = 0; round < 20; round++) {
    const done = gate.atBoundary(async () => {})
    await simulation.runUntil(asking.ask(undefined, 10, () => 'a record'))
    await done
  }
  expect([thenCount, listeners.size]).toEqual([0, 0])
})
