import { TimeoutError, type World } from '@logwerk/runtime'
import type { WaitOptions } from './consumer-api.ts'
import type { ConsumerConfig } from './consumer-config.ts'
import type { ConsumerEnd } from './consumer-end.ts'
import type { OffsetLookup } from './offset-lookup.ts'
import type { PendingErrors } from './pending-errors.ts'
import type { Positions } from './positions.ts'
import type { SubscriptionState } from './subscription-state.ts'
import { checkOffset, formatPartition, type TopicPartition } from './topic-partition.ts'

export interface SeekingOptions {
  readonly config: ConsumerConfig
  readonly subscription: SubscriptionState
  readonly positions: Positions
  readonly lookup: OffsetLookup
  readonly errors: PendingErrors
  readonly end: ConsumerEnd
  /** A partition is read from somewhere else now. */
  readonly onSeek: () => void
}

/** Where each partition is read: the user asks, or decides. */
export class Seeking {
  readonly #world: World
  readonly #options: SeekingOptions
  #waiters: (() => void)[] = []

  constructor(world: World, options: SeekingOptions) {
    this.#world = world
    this.#options = options
  }

  /** True while somebody waits for a position. */
  get isAwaited(): boolean {
    return this.#waiters.length > 0
  }

  /** Whoever waits for a position looks again. */
  wake(): void {
    const waiters = this.#waiters
    this.#waiters = []
    for (const waiter of waiters) waiter()
  }

  /** The offset of the record that comes next, as soon as it is known. */
  async position(partition: TopicPartition, options: WaitOptions): Promise<number> {
    const { config, subscription, positions, errors, end } = this.#options
    const { clock } = this.#world
    const timeoutMs = options.timeoutMs ?? config.defaultApiTimeoutMs
    const deadlineMs = clock.monotonicMs() + timeoutMs
    for (;;) {
      end.ensureOpen()
      const state = subscription.assigned(partition)
      if (state.position !== null) return state.position.offset
      const error = errors.takeOne()
      if (error !== null) throw error
      const restMs = deadlineMs - clock.monotonicMs()
      if (restMs <= 0)
        throw new TimeoutError(`${formatPartition(partition)}: the position is not known after ${timeoutMs} ms`, { at: { ...partition } })
      const next = this.#next(restMs, options.signal)
      positions.settle()
      await next
    }
  }

  /** Goes on at `offset`. */
  seek(partition: TopicPartition, offset: number): void {
    const { subscription, end, onSeek } = this.#options
    end.ensureOpen()
    checkOffset(partition, offset)
    subscription.assigned(partition).jumpTo(offset)
    this.wake()
    onSeek()
  }

  /** Goes on at a time, or one of `listOffsetsTimestamps`. */
  async seekToTime(partitions: readonly TopicPartition[], timestamp: number, options: WaitOptions): Promise<void> {
    const { subscription, lookup, end } = this.#options
    end.ensureOpen()
    for (const partition of partitions) subscription.assigned(partition)
    const wanted = partitions.map(({ topic, partition }) => ({ topic, partition, timestamp }))
    const found = await lookup.find(wanted, options)
    for (const partition of partitions) {
      const offset = found.get(formatPartition(partition))?.offset
      // It may have gone meanwhile.
      if (offset !== undefined && subscription.get(partition) !== undefined) this.seek(partition, offset)
    }
  }

  #next(timeoutMs: number, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason)
      const settle = (how: () => void) => {
        timer.cancel()
        signal?.removeEventListener('abort', onAbort)
        this.#waiters = this.#waiters.filter(other => other !== waiter)
        how()
      }
      const waiter = () => settle(resolve)
      const onAbort = () => settle(() => reject(signal?.reason))
      const timer = this.#world.clock.setTimer(timeoutMs, waiter)
      signal?.addEventListener('abort', onAbort, { once: true })
      this.#waiters.push(waiter)
    })
  }
}
