interface Waiter {
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

/** Those who wait for the same moment. */
export class Waiters {
  #waiting: Waiter[] = []

  get isEmpty(): boolean {
    return this.#waiting.length === 0
  }

  /** Resolves at the next `wake`. @throws `signal.reason`; what `fail` is given */
  wait(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason)
      const onAbort = () => {
        this.#waiting = this.#waiting.filter(other => other !== waiter)
        reject(signal?.reason)
      }
      const waiter: Waiter = {
        resolve: () => {
          signal?.removeEventListener('abort', onAbort)
          resolve()
        },
        reject: error => {
          signal?.removeEventListener('abort', onAbort)
          reject(error)
        },
      }
      signal?.addEventListener('abort', onAbort, { once: true })
      this.#waiting.push(waiter)
    })
  }

  wake(): void {
    for (const waiter of this.#takeAll()) waiter.resolve()
  }

  fail(error: unknown): void {
    for (const waiter of this.#takeAll()) waiter.reject(error)
  }

  #takeAll(): readonly Waiter[] {
    if (this.#waiting.length === 0) return NOBODY
    const waiting = this.#waiting
    this.#waiting = []
    return waiting
  }
}

const NOBODY: readonly Waiter[] = []
