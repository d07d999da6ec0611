import { loggerTo } from '@logwerk/runtime'
import { createSimulation } from '@logwerk/runtime/simulated'
import { expect, test } from 'vitest'
import { OutageLog } from './outage-log.ts'

const broker = { host: 'kafka', port: 9092 }

function scene() {
  const simulation = createSimulation({ seed: 1 })
  const lines: string[] = []
  const outages = new OutageLog(
    simulation.clock,
    loggerTo((level, message) => lines.push(`${level}: ${message}`)),
  )
  /** One failed attempt a second. */
  const fail = async (seconds: number) => {
    for (let second = 0; second < seconds; second++) {
      outages.failed(broker, new Error('connection refused'))
      await simulation.advance(1000)
    }
  }
  return { outages, lines, fail }
}

test('a broker that is gone for a moment is nobody’s business', async () => {
  const { outages, lines, fail } = scene()
  await fail(3)
  outages.reached(broker)
  expect(lines).toEqual([])
})

test('one that stays away is told after three seconds, then twice a minute, and its return once', async () => {
  const { outages, lines, fail } = scene()
  await fail(35)
  outages.reached(broker)
  outages.reached(broker)
  expect(lines).toEqual([
    'warn: kafka:9092 could not be reached for 3 s and is tried again: connection refused',
    'warn: kafka:9092 could not be reached for 33 s and is tried again: connection refused',
    'info: kafka:9092 is reached again, after 35 s',
  ])
})

test('each broker has its own outage, and the next one begins anew', async () => {
  const { outages, lines, fail } = scene()
  await fail(4)
  outages.failed({ host: 'kafka', port: 9093 }, new Error('connection refused'))
  outages.reached(broker)
  await fail(3)
  expect(lines).toHaveLength(2)
})
