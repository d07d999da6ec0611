import { createSimulation } from '@logwerk/runtime/simulated'
import { expect, test } from 'vitest'
import { TestIo } from '../test-io.test-support.ts'
import { Progress } from './progress.ts'

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
