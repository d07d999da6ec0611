import { describe, expect, test } from 'vitest'
import { PollGate } from './poll-gate.ts'

function held(): { readonly promise: Promise<void>; readonly release: () => void } {
  let release = () => {}
  const promise = new Promise<void>(resolve => {
    release = resolve
  })
  return { promise, release }
}

const settle = async () => {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve()
}

describe('a task', () => {
  test('waits until the user asks for records, and the user waits for it', async () => {
    const gate = new PollGate()
    const log: string[] = []
    const work = held()
    const done = gate.atBoundary(async () => {
      log.push('begun')
      await work.promise
      log.push('done')
    })
    await settle()
    expect([log, gate.isIdle, gate.isInside]).toEqual([[], false, false])
    const entered = gate.enter().then(() => log.push('entered'))
    await settle()
    expect(log).toEqual(['begun'])
    expect(gate.isInside).toBe(true)
    work.release()
    await Promise.all([done, entered])
    expect(log).toEqual(['begun', 'done', 'entered'])
    expect(gate.isIdle).toBe(true)
    gate.leave()
    expect(gate.isInside).toBe(false)
  })

  test('runs at once while the user waits, one after the other, in the order in which they came', async () => {
    const gate = new PollGate()
    await gate.enter()
    const log: number[] = []
    const first = held()
    const all = Promise.all([
      gate.atBoundary(async () => {
        await first.promise
        log.push(1)
      }),
      gate.atBoundary(async () => void log.push(2)),
      gate.atBoundary(async () => void log.push(3)),
    ])
    await settle()
    expect(log).toEqual([])
    first.release()
    await all
    expect(log).toEqual([1, 2, 3])
  })

  test('that begins while the user waits keeps the next question waiting', async () => {
    const gate = new PollGate()
    await gate.enter()
    const work = held()
    void gate.atBoundary(() => work.promise)
    gate.leave()
    let entered = false
    const entering = gate.enter().then(() => {
      entered = true
    })
    await settle()
    expect(entered).toBe(false)
    work.release()
    await entering
  })

  test('that fails tells who brought it, not the user, and the next one runs', async () => {
    const gate = new PollGate()
    const trouble = new Error('trouble')
    const failed = gate.atBoundary(() => Promise.reject(trouble))
    const next = gate.atBoundary(async () => {})
    await gate.enter()
    await expect(failed).rejects.toBe(trouble)
    await next
    expect(gate.isIdle).toBe(true)
  })
})
