import { describe, expect, test, vi } from 'vitest'
import { type Clock, sleep, type Timer, withTimeout } from './clock.ts'

/** A clock that a test moves by hand. */
class HandClock implements Clock {
  #nowMs = 0
  readonly #due = new Map<Timer, { readonly atMs: number; readonly task: () => void }>()

  get pendingCount(): number {
    return this.#due.size
  }

  nowMs(): number {
    return this.#nowMs
  }

  monotonicMs(): number {
    return this.#nowMs
  }

  setTimer(delayMs: number, task: () => void): Timer {
    const timer = { cancel: () => void this.#due.delete(timer) }
    this.#due.set(timer, { atMs: this.#nowMs + delayMs, task })
    return timer
  }

  soon(task: () => void): void {
    this.setTimer(0, task)
  }

  /** Runs what falls due, then lets everything run that waited for it. */
  async advance(byMs: number): Promise<void> {
    this.#nowMs += byMs
    for (const [timer, { atMs, task }] of [...this.#due]) if (atMs <= this.#nowMs && this.#due.delete(timer)) task()
    for (let turn = 0; turn < 10; turn++) await Promise.resolve()
  }
}

/** What has become of a promise so far. */
function watch<T>(promise: Promise<T>): { outcome: string } {
  const seen = { outcome: 'pending' }
  promise.then(
    value => {
      seen.outcome = `resolved: ${value}`
    },
    error => {
      seen.outcome = `rejected: ${error instanceof Error ? error.message : error}`
    },
  )
  return seen
}

function deferred<T>() {
  let resolve!: (value: T) => void
  let reject!: (error: Error) => void
  const promise = new Promise<T>((onValue, onError) => {
    resolve = onValue
    reject = onError
  })
  return { promise, resolve, reject }
}

/** A controller that counts the listeners on its signal. */
function countedController() {
  const controller = new AbortController()
  const added = vi.spyOn(controller.signal, 'addEventListener')
  const removed = vi.spyOn(controller.signal, 'removeEventListener')
  return { controller, leftBehind: () => added.mock.calls.length - removed.mock.calls.length }
}

describe('sleep', () => {
  test('resolves after the delay and not before', async () => {
    const clock = new HandClock()
    const seen = watch(sleep(clock, 100))
    await clock.advance(99)
    expect(seen.outcome).toBe('pending')
    await clock.advance(1)
    expect(seen.outcome).toBe('resolved: undefined')
  })

  test('rejects with the reason on an abort, and gives its timer back', async () => {
    const clock = new HandClock()
    const controller = new AbortController()
    const seen = watch(sleep(clock, 100, controller.signal))
    controller.abort('enough')
    await clock.advance(0)
    expect(seen.outcome).toBe('rejected: enough')
    expect(clock.pendingCount).toBe(0)
  })

  test('does not start when the signal is aborted already', async () => {
    const clock = new HandClock()
    await expect(sleep(clock, 100, AbortSignal.abort('before'))).rejects.toBe('before')
    expect(clock.pendingCount).toBe(0)
  })

  test('leaves nothing on the signal', async () => {
    const clock = new HandClock()
    const { controller, leftBehind } = countedController()
    const seen = watch(sleep(clock, 100, controller.signal))
    expect(leftBehind()).toBe(1)
    await clock.advance(100)
    expect(leftBehind()).toBe(0)
    controller.abort('late')
    await clock.advance(0)
    expect(seen.outcome).toBe('resolved: undefined')
  })
})

describe('withTimeout', () => {
  const timedOut = () => new Error('too slow')

  test('settles as the promise does, and gives its timer back', async () => {
    const clock = new HandClock()
    const good = deferred<string>()
    const bad = deferred<string>()
    const seenGood = watch(withTimeout(clock, good.promise, 100, timedOut))
    const seenBad = watch(withTimeout(clock, bad.promise, 100, timedOut))
    expect(clock.pendingCount).toBe(2)
    good.resolve('done')
    bad.reject(new Error('broken'))
    await clock.advance(99)
    expect(seenGood.outcome).toBe('resolved: done')
    expect(seenBad.outcome).toBe('rejected: broken')
    expect(clock.pendingCount).toBe(0)
  })

  test('rejects when the time is up and not before, and makes the error only then', async () => {
    const clock = new HandClock()
    const error = vi.fn(timedOut)
    const seen = watch(withTimeout(clock, deferred<string>().promise, 100, error))
    await clock.advance(99)
    expect(seen.outcome).toBe('pending')
    expect(error).not.toHaveBeenCalled()
    await clock.advance(1)
    expect(seen.outcome).toBe('rejected: too slow')
    expect(error).toHaveBeenCalledTimes(1)
  })

  test.each(['resolves', 'rejects'])('drops the outcome of a promise that %s too late', async how => {
    const clock = new HandClock()
    const late = deferred<string>()
    const seen = watch(withTimeout(clock, late.promise, 100, timedOut))
    await clock.advance(100)
    // Were nobody listening to the promise any more, vitest would report an unhandled rejection.
    if (how === 'resolves') late.resolve('late')
    else late.reject(new Error('late'))
    await clock.advance(0)
    expect(seen.outcome).toBe('rejected: too slow')
  })

  test('rejects with the reason on an abort, and gives its timer back', async () => {
    const clock = new HandClock()
    const { controller, leftBehind } = countedController()
    const late = deferred<string>()
    const seen = watch(withTimeout(clock, late.promise, 100, timedOut, controller.signal))
    controller.abort('enough')
    late.reject(new Error('late'))
    await clock.advance(0)
    expect(seen.outcome).toBe('rejected: enough')
    expect(clock.pendingCount).toBe(0)
    expect(leftBehind()).toBeLessThanOrEqual(0)
  })

  test('prefers an abort that came before, and still hears a promise that fails', async () => {
    const clock = new HandClock()
    const seen = watch(withTimeout(clock, Promise.reject(new Error('broken')), 100, timedOut, AbortSignal.abort('before')))
    await clock.advance(0)
    expect(seen.outcome).toBe('rejected: before')
    expect(clock.pendingCount).toBe(0)
  })

  test.each(['resolves', 'times out'])('leaves nothing on the signal when it %s', async how => {
    const clock = new HandClock()
    const { controller, leftBehind } = countedController()
    const work = deferred<string>()
    const seen = watch(withTimeout(clock, work.promise, 100, timedOut, controller.signal))
    expect(leftBehind()).toBe(1)
    if (how === 'resolves') work.resolve('done')
    await clock.advance(how === 'resolves' ? 0 : 100)
    expect(seen.outcome).toBe(how === 'resolves' ? 'resolved: done' : 'rejected: too slow')
    expect(leftBehind()).toBe(0)
  })

  test('sets no timer for an endless limit', async () => {
    const clock = new HandClock()
    const work = deferred<string>()
    const seen = watch(withTimeout(clock, work.promise, Number.POSITIVE_INFINITY, timedOut))
    expect(clock.pendingCount).toBe(0)
    work.resolve('done')
    await clock.advance(0)
    expect(seen.outcome).toBe('resolved: done')
  })
})
