import { messageOf, TimeoutError, type Timer, type World, withTimeout } from '@logwerk/runtime'
import type { ConsumerConfig } from './consumer-config.ts'
import type { MemberIdentity, OffsetCommitter } from './offset-committer.ts'
import type { PartitionState, SubscriptionState } from './subscription-state.ts'
import type { TopicPartitionOffset } from './topic-partition.ts'

export interface CommitQueueOptions {
  readonly config: ConsumerConfig
  readonly committer: OffsetCommitter
  readonly subscription: SubscriptionState
  /** Under which name to commit, when the turn has come. @throws KafkaError if there is no right to */
  readonly member: () => MemberIdentity
}

/** Commits one after the other, or an older one could come last; those that the user asks for, and those in the background. */
export class CommitQueue {
  readonly #world: World
  readonly #options: CommitQueueOptions
  #last: Promise<unknown> = Promise.resolve()
  #timer: Timer | null = null
  /** A commit in the background is under way: in an outage another one would only queue up behind it. */
  #inBackground = false
  #closed = false

  constructor(world: World, options: CommitQueueOptions) {
    this.#world = world
    this.#options = options
  }

  /** Resolves when the offsets are on record. @throws KafkaError, TimeoutError, `signal.reason`, as `Consumer.commit` says */
  async commit(
    offsets: readonly TopicPartitionOffset[],
    options: { readonly signal?: AbortSignal | undefined; readonly timeoutMs?: number | undefined } = {},
  ): Promise<void> {
    const { committer, config, subscription, member } = this.#options
    const { clock } = this.#world
    const { signal, timeoutMs = config.defaultApiTimeoutMs } = options
    const deadlineMs = clock.monotonicMs() + timeoutMs
    const before = this.#last
    const tooLate = () => new TimeoutError(`committing offsets had not begun after ${timeoutMs} ms: an earlier commit is still under way`)
    const states = offsets.map(offset => subscription.get(offset))
    const jumps = states.map(state => state?.jumps)
    const result = (async () => {
      await withTimeout(clock, before, timeoutMs, tooLate, signal)
      await committer.commit(offsets, member(), { signal, timeoutMs: Math.max(deadlineMs - clock.monotonicMs(), 0) })
      for (const [index, { offset }] of offsets.entries()) {
        const state = states[index]
        // Whoever sought meanwhile begins to count anew.
        if (state !== undefined && state.jumps === jumps[index]) state.committedOffset = offset
      }
    })()
    // Who gave up waiting must not let the next one overtake those before.
    // Without what became of them: each would keep all those before it.
    this.#last = Promise.allSettled([before, result]).then(() => {})
    await result
  }

  /** Commits what is processed and not committed yet. A failure is logged: the next time does it, or somebody else. */
  async commitFinished(when: string): Promise<void> {
    const offsets = [...this.#options.subscription.all]
      .filter(state => state.finishedOffset > state.committedOffset)
      .map(state => ({ ...placeOf(state), offset: state.finishedOffset, leaderEpoch: state.finishedEpoch }))
    if (offsets.length === 0) return
    try {
      await this.commit(offsets)
    } catch (error) {
      if (!this.#closed)
        this.#world.log.warn(`offsets could not be committed ${when}; records may come again`, {
          groupId: this.#options.config.groupId,
          error: messageOf(error),
        })
    }
  }

  /** Begins to commit in the background, if that is configured. */
  start(): void {
    const { enableAutoCommit, autoCommitIntervalMs } = this.#options.config
    if (!enableAutoCommit || this.#timer !== null || this.#closed) return
    this.#timer = this.#world.clock.setTimer(
      autoCommitIntervalMs,
      () => {
        this.#timer = null
        this.start()
        void this.#commitInBackground()
      },
      { background: true },
    )
  }

  /** No more commits in the background. */
  stop(): void {
    this.#timer?.cancel()
    this.#timer = null
  }

  close(): void {
    this.#closed = true
    this.stop()
  }

  async #commitInBackground(): Promise<void> {
    if (this.#inBackground) return
    this.#inBackground = true
    await this.commitFinished('in the background')
    this.#inBackground = false
  }
}

function placeOf({ topic, partition }: PartitionState) {
  return { topic, partition }
}
