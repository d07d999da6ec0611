interface Shared {
  readonly listeners: Set<() => void>
  readonly onAbort: () => void
}

/**
 * Many who wait under one signal, with one listener on it: a signal looks through all that it has for each that is added or taken away, and
 * Node warns of more than ten.
 */
export class AbortListeners {
  readonly #shared = new Map<AbortSignal, Shared>()

  /** `listener` runs when the signal aborts, unless it is removed before. */
  add(signal: AbortSignal, listener: () => void): void {
    const known = this.#shared.get(signal)
    if (known !== undefined) {
      known.listeners.add(listener)
      return
    }
    const listeners = new Set([listener])
    const onAbort = () => {
      this.#shared.delete(signal)
      for (const one of listeners) one()
    }
    this.#shared.set(signal, { listeners, onAbort })
    signal.addEventListener('abort', onAbort, { once: true })
  }

  remove(signal: AbortSignal, listener: () => void): void {
    const shared = this.#shared.get(signal)
    if (shared === undefined || !shared.listeners.delete(listener) || shared.listeners.size > 0) return
    this.#shared.delete(signal)
    signal.removeEventListener('abort', shared.onAbort)
  }
}
