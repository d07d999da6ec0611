import { createSimulation } from '@logwerk/runtime/simulated'
import { expect, test } from 'vitest'
import { Printer } from './printer.ts'
import { Progress } from './progress.ts'
import { TestIo } from './test-io.test-support.ts'

test('the line is written over itself now and then on a terminal, and taken away at the end', async () => {
  const simulation = createSimulation({ seed: 1 })
  const { stderr } = new TestIo({ isTTY: true })
  const progress = new Progress(stderr, simulation.world.clock)
  progress.update(() => 'too soon')
  await simulation.advance(300)
  progress.update(() => 'one')
  progress.update(() => 'too soon')
  await simulation.advance(300)
  progress.update(() => 'x'.repeat(1000))
  progress.clear()
  expect(stderr.text).toBe(`\rone\u001b[K\r${'x'.repeat(99)}\u001b[K\r\u001b[K`)
})

test('nothing is said in a pipe', async () => {
  const simulation = createSimulation({ seed: 1 })
  const { stderr } = new TestIo()
  const progress = new Progress(stderr, simulation.world.clock)
  await simulation.advance(1000)
  progress.update(() => 'one')
  progress.clear()
  expect(stderr.text).toBe('')
})

test('what else is said takes the place of the line', async () => {
  const simulation = createSimulation({ seed: 1 })
  const io = new TestIo({ isTTY: true, env: { NO_COLOR: '1' } })
  const print = new Printer(io, false, simulation.world.clock)
  await simulation.advance(300)
  print.progress.update(() => '10 records')
  print.warn('the disk is full')
  expect(io.stderr.text).toBe('\r10 records\u001b[K\r\u001b[Kwarning: the disk is full\n')
})
