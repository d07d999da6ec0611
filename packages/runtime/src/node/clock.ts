import type { Clock } from '../clock.ts'

// setTimeout turns a longer delay into 1 ms.
const MAX_DELAY_MS = 0x7fff_ffff

export const nodeClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  setTimer(delayMs, task, options) {
    let handle: NodeJS.Timeout
    const arm = (restMs: number) => {
      // Node may fire up to a millisecond early against performance.now(), hence the rounding up.
      const stepMs = Math.min(Math.max(Math.ceil(restMs), 0), MAX_DELAY_MS)
      handle = setTimeout(() => (restMs > stepMs ? arm(restMs - stepMs) : task()), stepMs)
      if (options?.background === true) handle.unref()
    }
    arm(delayMs)
    return { cancel: () => clearTimeout(handle) }
  },
  soon(task) {
    setImmediate(task)
  },
}
