/** A pending task of a {@link Clock}. */
export interface Timer {
  /** Keeps the task from running; harmless after it ran. */
  cancel(): void
}

/** Time, as the rest of Logwerk sees it. Node's clock in production, a virtual one in simulation. */
export interface Clock {
  /** Wall-clock time in milliseconds since 1970; may jump when the machine's clock is set. For timestamps. */
  nowMs(): number
  /** Milliseconds since some fixed moment, never going back. For deadlines and measurements. */
  monotonicMs(): number
  /**
   * Runs `task` once, not before `delayMs` have passed on the monotonic clock. A delay of 0 or less runs it at the next turn.
   * The timer keeps the process alive; `background: true` is for housekeeping that should not.
   */
  setTimer(delayMs: number, task: () => void, options?: { readonly background?: boolean }): Timer
  /** Runs `task` at the end of this turn of the event loop, after the sockets that are readable now have been read. */
  soon(task: () => void): void
}

/**
 * Resolves after `delayMs`.
 *
 * @throws `signal.reason` as soon as the signal aborts.
 */
export function sleep(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason)
    const onAbort = () => {
      timer.cancel()
      reject(signal?.reason)
    }
    const timer = clock.setTimer(delayMs, () => {
      signal?.removeEventListener('abort', onAbort)
      resolve()
    })
    signal?.addEventListener('abort', onAbort, { once: true })
  })
}

/**
 * Settles as `promise` does, or rejects first: with `timedOut()` after `timeoutMs`, with `signal.reason` on an abort.
 * The promise itself goes on; its late outcome is dropped, and is never an unhandled rejection.
 */
export function withTimeout<T>(
  clock: Clock,
  promise: Promise<T>,
  timeoutMs: number,
  timedOut: () => Error,
  signal?: AbortSignal,
): Promise<T> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      promise.catch(() => {})
      return reject(signal.reason)
    }
    const onAbort = () => settle(() => reject(signal?.reason))
    const timer = timeoutMs === Number.POSITIVE_INFINITY ? undefined : clock.setTimer(timeoutMs, () => settle(() => reject(timedOut())))
    const settle = (how: () => void) => {
      timer?.cancel()
      signal?.removeEventListener('abort', onAbort)
      how()
    }
    signal?.addEventListener('abort', onAbort, { once: true })
    promise.then(
      value => settle(() => resolve(value)),
      error => settle(() => reject(error)),
    )
  })
}
