import { assert } from '../assert.ts'
import type { Clock } from '../clock.ts'

// setTimeout turns a longer delay into 1 ms.
const MAX_DELAY_MS = 0x7fff_ffff

export const nodeClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  setTimer(delayMs, task, options) {
    assert(!Number.isNaN(delayMs), 'a delay is a number of milliseconds')
    const dueMs = performance.now() + delayMs
    let handle: NodeJS.Timeout
    const arm = () => {
      const stepMs = Math.min(Math.max(Math.ceil(dueMs - performance.now()), 0), MAX_DELAY_MS)
      // Node counts in whole milliseconds and so fires up to one early; a long delay takes several steps.
      handle = setTimeout(() => (performance.now() < dueMs ? arm() : task()), stepMs)
      if (options?.background === true) handle.unref()
    }
    arm()
    return { cancel: () => clearTimeout(handle) }
  },
  soon(task) {
    setImmediate(task)
  },
}
