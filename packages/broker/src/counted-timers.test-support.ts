import type { World } from '@logwerk/runtime'

/** A world whose clock tells how many timers are set and have neither run out nor been cancelled: what somebody has left behind. */
export function countedTimers(world: World): { readonly world: World; readonly timerCount: () => number } {
  const { clock } = world
  const running = new Set<object>()
  const counted: World['clock'] = {
    nowMs: () => clock.nowMs(),
    monotonicMs: () => clock.monotonicMs(),
    soon: task => clock.soon(task),
    setTimer: (delayMs, task, options) => {
      const inner = clock.setTimer(
        delayMs,
        () => {
          running.delete(timer)
          task()
        },
        options,
      )
      const timer = {
        cancel: () => {
          running.delete(timer)
          inner.cancel()
        },
      }
      running.add(timer)
      return timer
    },
  }
  return { world: { ...world, clock: counted }, timerCount: () => running.size }
}
