import type { Clock, Timer } from '@logwerk/runtime'
import type { FsyncMode } from './log-config.ts'

interface Waiter {
  readonly offset: number
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

/**
 * Decides when a log syncs, and who learns of it: while one sync runs, later appends gather, and share the next.
 * A failed sync is final: Linux drops the pages it could not write, so a retry that succeeds would prove nothing.
 */
export class GroupCommit {
  readonly #clock: Clock
  readonly #sync: () => Promise<number>
  readonly #onFailure: (error: unknown) => void
  #mode: FsyncMode
  #intervalMs: number
  #waiters: Waiter[] = []
  #state: 'idle' | 'scheduled' | 'running' = 'idle'
  #again = false
  /** A start at the end of this turn is on its way. */
  #soon = false
  #timer: Timer | null = null
  #failure: { readonly error: unknown } | null = null
  /** Everything below is on the disk. */
  syncedOffset: number

  /**
   * @param sync       Makes everything appended before the call durable, and resolves with the offset behind it.
   * @param onFailure  Told once, before the waiters are.
   */
  constructor(
    clock: Clock,
    options: { readonly mode: FsyncMode; readonly intervalMs: number; readonly syncedOffset: number },
    sync: () => Promise<number>,
    onFailure: (error: unknown) => void,
  ) {
    this.#clock = clock
    this.#mode = options.mode
    this.#intervalMs = options.intervalMs
    this.syncedOffset = options.syncedOffset
    this.#sync = sync
    this.#onFailure = onFailure
  }

  get mode(): FsyncMode {
    return this.#mode
  }
  get intervalMs(): number {
    return this.#intervalMs
  }

  /** Changes the mode; {@link appended} has to follow if there is something to sync, so that it is synced as the new one says. */
  configure(mode: FsyncMode, intervalMs: number): void {
    this.#mode = mode
    this.#intervalMs = intervalMs
    if (this.#state !== 'scheduled' || this.#soon) return
    this.#timer?.cancel()
    this.#state = 'idle'
  }

  /** Something was appended: a sync follows, at the time that the mode says. */
  appended(): void {
    if (this.#mode === 'batch') this.#schedule(0)
    else if (this.#mode === 'interval') this.#schedule(this.#intervalMs)
  }

  /** Resolves when all below `offset` is durable in the sense of the mode; only `'batch'` waits for the disk. */
  durable(offset: number): Promise<void> | null {
    if (this.#mode !== 'batch' || offset <= this.syncedOffset) return null
    return this.#wait(offset)
  }

  /** Syncs whatever the mode, for a segment that is finished and for a checkpoint of the recovery point. */
  flush(offset: number): Promise<void> {
    if (offset <= this.syncedOffset) return Promise.resolve()
    const done = this.#wait(offset)
    this.#schedule(0)
    return done
  }

  /**
   * A sync has failed, one of ours or one that was made elsewhere: it was the last. Who waits may not be acknowledged by a later one, which
   * would succeed without the bytes.
   */
  fail(error: unknown): void {
    // Failed before, or stopped: then the sync met files that were closed under it.
    if (this.#failure !== null) return
    this.#failure = { error }
    this.#onFailure(error)
    this.stop(error)
  }

  /** No sync begins any more, and who waits for one gets `error`: the log lets go of its files. */
  stop(error: unknown): void {
    this.#failure ??= { error }
    this.#timer?.cancel()
    const waiters = this.#waiters
    this.#waiters = []
    for (const waiter of waiters) waiter.reject(error)
  }

  #wait(offset: number): Promise<void> {
    if (this.#failure !== null) return Promise.reject(this.#failure.error)
    return new Promise((resolve, reject) => this.#waiters.push({ offset, resolve, reject }))
  }

  #schedule(delayMs: number): void {
    if (this.#failure !== null) return
    if (this.#state === 'running') {
      this.#again = true
      return
    }
    if (this.#state === 'scheduled' && delayMs > 0) return
    if (delayMs > 0) {
      this.#state = 'scheduled'
      this.#timer = this.#clock.setTimer(delayMs, () => this.#start(), { background: true })
    } else if (!this.#soon) {
      this.#state = 'scheduled'
      this.#soon = true
      this.#timer?.cancel()
      // At the end of this turn, so that everything that arrived in it shares the sync.
      this.#clock.soon(() => this.#start())
    }
  }

  #start(): void {
    if (this.#failure !== null) return
    this.#soon = false
    this.#state = 'running'
    this.#again = false
    this.#sync().then(
      offset => this.#finished(offset),
      error => this.fail(error),
    )
  }

  #finished(offset: number): void {
    // Another sync has failed meanwhile: nobody knows what this one has covered.
    if (this.#failure !== null) return
    this.#state = 'idle'
    if (offset > this.syncedOffset) this.syncedOffset = offset
    const waiting: Waiter[] = []
    const done: Waiter[] = []
    for (const waiter of this.#waiters) (waiter.offset <= offset ? done : waiting).push(waiter)
    this.#waiters = waiting
    for (const waiter of done) waiter.resolve()
    if (this.#again) this.#schedule(this.#mode === 'interval' && waiting.length === 0 ? this.#intervalMs : 0)
  }
}
