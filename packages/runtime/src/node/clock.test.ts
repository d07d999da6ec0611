import { afterEach, describe, expect, test, vi } from 'vitest'
import { nodeClock } from './clock.ts'

afterEach(() => void vi.useRealTimers())

/** Virtual time under the real clock, for delays that nobody waits for. */
function fakeTime(): void {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
}

/** Timers that keep the process alive. */
const timerCount = () => process.getActiveResourcesInfo().filter(name => name === 'Timeout').length
const nextTurn = () => new Promise<void>(resolve => nodeClock.soon(resolve))

describe('nodeClock.setTimer', () => {
  test('never fires early, wherever in a millisecond it begins', async () => {
    const early: number[] = []
    const fired: Promise<void>[] = []
    for (let index = 0; index < 300; index++) {
      const delayMs = (index % 12) + (index % 3 === 0 ? 0.4 : 0)
      const beganMs = performance.now()
      fired.push(
        new Promise(resolve => {
          nodeClock.setTimer(delayMs, () => {
            const passedMs = performance.now() - beganMs
            if (passedMs < delayMs) early.push(passedMs - delayMs)
            resolve()
          })
        }),
      )
      await nextTurn()
    }
    await Promise.all(fired)
    expect(early).toEqual([])
  })

  test('runs its task at a later turn, and once, for a delay of 0 and less', async () => {
    let runs = 0
    nodeClock.setTimer(0, () => runs++)
    nodeClock.setTimer(-5, () => runs++)
    expect(runs).toBe(0)
    await new Promise<void>(resolve => nodeClock.setTimer(3, resolve))
    expect(runs).toBe(2)
  })

  test('a delay that is no number is an error of the caller, as in simulation, and not a task that runs at once', () => {
    expect(() => nodeClock.setTimer(Number.NaN, () => {})).toThrow('a delay is a number of milliseconds')
  })

  test('a delay beyond what Node can count is waited for in full', () => {
    fakeTime()
    let runs = 0
    const days = 24 * 3600 * 1000
    nodeClock.setTimer(60 * days, () => runs++)
    vi.advanceTimersByTime(60 * days - 1)
    expect(runs).toBe(0)
    vi.advanceTimersByTime(1)
    expect(runs).toBe(1)
    vi.advanceTimersByTime(100 * days)
    expect(runs).toBe(1)
  })

  test('one without an end never fires, and can be cancelled after many steps', () => {
    fakeTime()
    let runs = 0
    const timer = nodeClock.setTimer(Number.POSITIVE_INFINITY, () => runs++)
    vi.advanceTimersByTime(0x7fff_ffff * 3)
    expect([runs, vi.getTimerCount()]).toEqual([0, 1])
    timer.cancel()
    expect(vi.getTimerCount()).toBe(0)
  })

  test('a cancelled one does not run; cancelling one that ran does no harm', async () => {
    let runs = 0
    const cancelled = nodeClock.setTimer(1, () => runs++)
    cancelled.cancel()
    cancelled.cancel()
    const ran = nodeClock.setTimer(1, () => runs++)
    await new Promise<void>(resolve => nodeClock.setTimer(3, resolve))
    ran.cancel()
    expect(runs).toBe(1)
  })

  test('keeps the process alive, unless it is in the background', () => {
    const before = timerCount()
    const background = nodeClock.setTimer(60_000, () => {}, { background: true })
    expect(timerCount()).toBe(before)
    const timer = nodeClock.setTimer(60_000, () => {})
    expect(timerCount()).toBe(before + 1)
    timer.cancel()
    background.cancel()
    expect(timerCount()).toBe(before)
  })
})

describe('nodeClock.soon', () => {
  test('runs tasks in their order, behind all promises and ticks of this turn', async () => {
    const order: string[] = []
    nodeClock.soon(() => order.push('first'))
    nodeClock.soon(() => {
      order.push('second')
      nodeClock.soon(() => order.push('from within'))
      Promise.resolve().then(() => order.push('promise of second'))
    })
    nodeClock.soon(() => order.push('third'))
    process.nextTick(() => order.push('tick'))
    Promise.resolve().then(() => order.push('promise'))
    order.push('now')
    await nextTurn()
    await nextTurn()
    expect(order.slice(0, 2)).toEqual(['now', expect.any(String)])
    expect(order.slice(1, 3).sort()).toEqual(['promise', 'tick'])
    expect(order.slice(3)).toEqual(['first', 'second', 'promise of second', 'third', 'from within'])
  })
})

test('the wall clock is that of the system, and the monotonic one goes only forward', () => {
  const before = Date.now()
  const nowMs = nodeClock.nowMs()
  expect(nowMs).toBeGreaterThanOrEqual(before)
  expect(nowMs).toBeLessThanOrEqual(Date.now())
  let last = nodeClock.monotonicMs()
  for (let index = 0; index < 10_000; index++) {
    const next = nodeClock.monotonicMs()
    expect(next >= last).toBe(true)
    last = next
  }
})
