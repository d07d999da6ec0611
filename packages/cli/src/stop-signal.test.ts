import { EventEmitter } from 'node:events'
import { createSimulation } from '@logwerk/runtime/simulated'
import { expect, test } from 'vitest'
import { stopSignal } from './stop-signal.ts'

class FakeProcess extends EventEmitter {
  readonly pid = 7
  readonly killed: string[] = []

  kill(pid: number, name: string): void {
    this.killed.push(`${pid} ${name} with ${this.listenerCount('SIGINT') + this.listenerCount('SIGTERM')} listeners`)
  }
}

function fake() {
  const simulation = createSimulation({ seed: 1 })
  const process = new FakeProcess()
  return { simulation, process, signal: stopSignal(process, simulation.world.clock) }
}

test.each(['SIGINT', 'SIGTERM'])(
  '%s asks to stop; a second signal, of whatever name, ends the process as if nobody listened',
  async name => {
    const { simulation, process, signal } = fake()
    process.emit(name, name)
    expect(signal.reason).toEqual(new Error(`stopped by ${name}`))
    await simulation.advance(501)
    process.emit('SIGTERM', 'SIGTERM')
    expect(process.killed).toEqual(['7 SIGTERM with 0 listeners'])
  },
)

test('Ctrl-C that comes twice, from the terminal and from npm, is one', async () => {
  const { simulation, process, signal } = fake()
  process.emit('SIGINT', 'SIGINT')
  await simulation.advance(20)
  process.emit('SIGINT', 'SIGINT')
  expect([signal.aborted, process.killed]).toEqual([true, []])
})
