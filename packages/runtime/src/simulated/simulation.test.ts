import { describe, expect, test } from 'vitest'
import { type Clock, sleep } from '../clock.ts'
import { createSimulation } from './simulation.ts'
import { SimulationError } from './simulation-error.ts'

describe('virtual time', () => {
  test('stands still until the test lets it pass, and then passes at once', async () => {
    const simulation = createSimulation({ seed: 1 })
    const { clock } = simulation.world
    expect(clock.monotonicMs()).toBe(0)
    await simulation.advance(86_400_000)
    expect(clock.monotonicMs()).toBe(86_400_000)
  })

  test('a timer runs when its delay has passed, rounded up, and not before', async () => {
    const simulation = createSimulation({ seed: 1 })
    const { clock } = simulation.world
    const ran: number[] = []
    clock.setTimer(10.2, () => ran.push(clock.monotonicMs()))
    clock.setTimer(5, () => ran.push(clock.monotonicMs()))
    await simulation.advance(10)
    expect(ran).toEqual([5])
    await simulation.advance(1)
    expect(ran).toEqual([5, 11])
  })

  test('a timer with no delay, or a negative one, runs at the next turn and not in place', async () => {
    const simulation = createSimulation({ seed: 1 })
    const { clock } = simulation.world
    const ran: string[] = []
    clock.setTimer(0, () => {
      clock.setTimer(-5, () => ran.push('inner'))
      clock.soon(() => ran.push('soon'))
      ran.push('outer')
    })
    expect(ran).toEqual([])
    await simulation.settle()
    expect(ran).toEqual(['outer', 'soon', 'inner'])
    expect(clock.monotonicMs()).toBe(0)
  })

  test('a cancelled timer does not run, and cancelling after it ran is harmless', async () => {
    const simulation = createSimulation({ seed: 1 })
    const ran: string[] = []
    const cancelled = simulation.world.clock.setTimer(1, () => ran.push('cancelled'))
    const kept = simulation.world.clock.setTimer(1, () => ran.push('kept'))
    cancelled.cancel()
    await simulation.advance(1)
    kept.cancel()
    expect(ran).toEqual(['kept'])
  })

  test('every promise settles before the next task', async () => {
    const simulation = createSimulation({ seed: 1 })
    const { clock } = simulation.world
    const seen: string[] = []
    const chain = async (name: string) => {
      for (let link = 0; link < 100; link++) await null
      seen.push(name)
    }
    clock.setTimer(1, () => void chain('first'))
    clock.setTimer(2, () => seen.push('second'))
    await simulation.advance(2)
    expect(seen).toEqual(['first', 'second'])
  })

  test('the wall clock jumps without the other one: all of them, or that of one machine', async () => {
    const simulation = createSimulation({ seed: 1, startMs: 1000 })
    const here = simulation.world.clock
    const there = simulation.machine('there')
    await simulation.advance(5)
    simulation.clock.jumpWall(-500)
    there.clock.jumpWall(10_000)
    expect(here.nowMs()).toBe(505)
    expect(there.world.clock.nowMs()).toBe(10_505)
    expect(simulation.clock.nowMs()).toBe(505)
    expect(here.monotonicMs()).toBe(5)
    expect(there.world.clock.monotonicMs()).toBe(5)
  })

  test('the wall clock shows whole milliseconds', () => {
    expect(() => createSimulation({ seed: 1, startMs: 0.5 })).toThrow('whole milliseconds')
    expect(() => createSimulation({ seed: 1 }).clock.jumpWall(0.5)).toThrow('whole milliseconds')
  })

  test('begins at the same wall-clock time in every run', () => {
    expect(new Date(createSimulation({ seed: 1 }).clock.nowMs()).toISOString()).toBe('2026-01-01T00:00:00.000Z')
  })
})

describe('order', () => {
  async function orderOfTimers(seed: number): Promise<string> {
    const simulation = createSimulation({ seed })
    let order = ''
    for (const name of 'abcd') simulation.world.clock.setTimer(7, () => (order += name))
    await simulation.advance(7)
    return order
  }

  test('timers of one moment run in an order that the seed decides', async () => {
    const orders = new Set<string>()
    for (let seed = 0; seed < 200; seed++) {
      const order = await orderOfTimers(seed)
      expect(await orderOfTimers(seed)).toBe(order)
      orders.add(order)
    }
    // All 24 orders of four timers turn up.
    expect(orders.size).toBe(24)
  })

  test('soon tasks run in the order in which they came, after all that is due, and theirs a turn later', async () => {
    for (let seed = 0; seed < 20; seed++) {
      const simulation = createSimulation({ seed })
      const { clock } = simulation.world
      const order: string[] = []
      for (const name of ['a', 'b', 'c']) {
        clock.setTimer(1, () => {
          order.push('due')
          clock.soon(() => {
            order.push(`soon ${name}`)
            clock.soon(() => order.push(`later ${name}`))
          })
        })
      }
      await simulation.advance(1)
      expect(order.slice(0, 3)).toEqual(['due', 'due', 'due'])
      const names = order.slice(3, 6).map(entry => entry.slice(5))
      expect(order.slice(3, 6)).toEqual(names.map(name => `soon ${name}`))
      expect(order.slice(6)).toEqual(names.map(name => `later ${name}`))
    }
  })

  /** Some processes that wait, race and draw numbers. */
  async function scenario(seed: number): Promise<{ readonly trace: string; readonly fingerprint: string }> {
    const simulation = createSimulation({ seed })
    const trace: string[] = []
    const work = async (name: string, clock: Clock, draw: () => number) => {
      for (let step = 0; step < 20; step++) {
        await sleep(clock, draw() % 4)
        trace.push(`${clock.monotonicMs()} ${name} ${draw() % 100}`)
        clock.soon(() => trace.push(`${name} soon`))
      }
    }
    const all = ['a', 'b', 'c'].map(name => {
      const { clock, random } = simulation.machine(name).world
      return work(name, clock, () => random.uint32())
    })
    await simulation.runUntil(Promise.all(all))
    return { trace: trace.join('\n'), fingerprint: simulation.fingerprint }
  }

  test('the same seed does the same, another seed something else', async () => {
    const traces = new Set<string>()
    const fingerprints = new Set<string>()
    for (let seed = 0; seed < 30; seed++) {
      const first = await scenario(seed)
      expect(await scenario(seed)).toEqual(first)
      traces.add(first.trace)
      fingerprints.add(first.fingerprint)
    }
    expect(traces.size).toBe(30)
    expect(fingerprints.size).toBe(30)
  })

  test('the fingerprint sees a single timer that moved', async () => {
    const run = async (delayMs: number) => {
      const simulation = createSimulation({ seed: 1 })
      for (let index = 0; index < 50; index++) simulation.world.clock.setTimer(index === 20 ? delayMs : index, () => {})
      await simulation.advance(100)
      return simulation.fingerprint
    }
    expect(await run(20)).toBe(await run(20))
    expect(await run(21)).not.toBe(await run(20))
  })
})

describe('runUntil', () => {
  test('lets as much time pass as the promise needs, and returns its value', async () => {
    const simulation = createSimulation({ seed: 1 })
    const value = await simulation.runUntil(sleep(simulation.world.clock, 1234).then(() => 'value'))
    expect(value).toBe('value')
    expect(simulation.clock.monotonicMs()).toBe(1234)
  })

  test('throws what the promise rejects with', async () => {
    const simulation = createSimulation({ seed: 1 })
    const failing = sleep(simulation.world.clock, 5).then(() => {
      throw new RangeError('broken')
    })
    await expect(simulation.runUntil(failing)).rejects.toThrow(RangeError)
  })

  test('stops at the task after which the condition holds', async () => {
    const simulation = createSimulation({ seed: 1 })
    let count = 0
    for (let index = 1; index <= 5; index++) simulation.world.clock.setTimer(index, () => count++)
    await simulation.runUntil(() => count === 3)
    expect(count).toBe(3)
    expect(simulation.clock.monotonicMs()).toBe(3)
  })

  test('names the seed when nothing is left to run', async () => {
    const simulation = createSimulation({ seed: 4711 })
    simulation.world.clock.setTimer(3, () => {})
    simulation.world.clock.setTimer(Number.POSITIVE_INFINITY, () => {})
    await expect(simulation.runUntil(new Promise(() => {}))).rejects.toThrow(
      'nothing is left to run, and the promise has not settled, 3 ms into the simulation (seed 4711)',
    )
  })

  test('names the seed when the limit passes', async () => {
    const simulation = createSimulation({ seed: 4711 })
    const { clock } = simulation.world
    const again = () => void clock.setTimer(10, again)
    again()
    const waiting = simulation.runUntil(() => false, { limitMs: 95 })
    await expect(waiting).rejects.toThrow(/^95 ms have passed, and the condition does not hold.*95 ms into the simulation \(seed 4711\)$/)
    expect(clock.monotonicMs()).toBe(95)
  })

  test('is not called twice at once', async () => {
    const simulation = createSimulation({ seed: 1 })
    const first = simulation.advance(5)
    await expect(simulation.advance(5)).rejects.toThrow('the simulation is being run already')
    await first
    await simulation.advance(5)
    expect(simulation.clock.monotonicMs()).toBe(10)
  })
})

describe('failures', () => {
  test('a task that throws ends the run, with seed, owner and cause, and the next run goes on', async () => {
    const simulation = createSimulation({ seed: 99 })
    const cause = new Error('oops')
    const ran: string[] = []
    simulation.world.clock.setTimer(1, () => {
      throw cause
    })
    simulation.world.clock.setTimer(2, () => ran.push('after'))
    const failure = await simulation.advance(5).catch(error => error)
    expect(failure).toBeInstanceOf(SimulationError)
    expect(failure.message).toBe('"timer" of process 1 on localhost threw: oops, 1 ms into the simulation (seed 99)')
    expect(failure.cause).toBe(cause)
    expect(failure.seed).toBe(99)
    await simulation.advance(5)
    expect(ran).toEqual(['after'])
  })

  test('a loop in which no time passes is found', async () => {
    const simulation = createSimulation({ seed: 99, maxTasksPerMoment: 1000 })
    const { clock } = simulation.world
    const again = () => clock.soon(again)
    again()
    await expect(simulation.advance(1)).rejects.toThrow(
      'time stands still: 1000 tasks ran at one moment, the last is "soon" of process 1 on localhost, 0 ms into the simulation (seed 99)',
    )
    // Many tasks at many moments are no loop.
    const other = createSimulation({ seed: 99, maxTasksPerMoment: 1000 })
    for (let index = 0; index < 3000; index++) other.world.clock.setTimer(index % 4, () => {})
    await other.advance(10)
  })

  test('a delay that is not a number is refused', () => {
    const { clock } = createSimulation({ seed: 1 }).world
    expect(() => clock.setTimer(Number.NaN, () => {})).toThrow('a delay is a number of milliseconds')
  })
})

describe('world', () => {
  test('has no native packages', () => {
    expect(createSimulation({ seed: 1 }).world.native('@node-rs/crc32')).toBeNull()
  })

  test('collects what is logged, with machine and virtual time', async () => {
    const simulation = createSimulation({ seed: 1 })
    simulation.world.log.info('hello', { count: 1 })
    await simulation.advance(5)
    simulation.machine('b').world.log.debug('there')
    expect(simulation.log).toEqual([
      { atMs: 0, machine: 'localhost', level: 'info', message: 'hello', fields: { count: 1 } },
      { atMs: 5, machine: 'b', level: 'debug', message: 'there', fields: {} },
    ])
    expect(simulation.machine('b').log.map(line => line.message)).toEqual(['there'])
  })

  test('keeps the newest lines of a long log', () => {
    const simulation = createSimulation({ seed: 1 })
    for (let index = 0; index < 25_000; index++) simulation.world.log.info(`line ${index}`)
    expect(simulation.log).toHaveLength(10_000)
    expect(simulation.log.at(-1)?.message).toBe('line 24999')
    expect(simulation.log[0]?.message).toBe('line 15000')
  })

  test('gives each process and each named source its own chance', () => {
    const simulation = createSimulation({ seed: 1 })
    const first = simulation.world.random.uint32()
    expect(simulation.machine('b').world.random.uint32()).not.toBe(first)
    expect(simulation.random('x').uint32()).toBe(createSimulation({ seed: 1 }).random('x').uint32())
    expect(simulation.random('x').uint32()).not.toBe(simulation.random('y').uint32())
  })
})
