import type { KafkaClient } from '@logwerk/client'
import { KafkaError, messageOf, TimeoutError, withTimeout } from '@logwerk/runtime'
import type { CommitQueue } from './commit-queue.ts'
import type { RebalanceListener, WaitOptions } from './consumer-api.ts'
import type { ConsumerConfig } from './consumer-config.ts'
import type { ConsumerEnd } from './consumer-end.ts'
import type { GroupMembership } from './group-membership.ts'
import type { Hand } from './hand.ts'
import { type MemberIdentity, NO_MEMBER } from './offset-committer.ts'
import type { PendingErrors } from './pending-errors.ts'
import type { PollGate } from './poll-gate.ts'
import type { Positions } from './positions.ts'
import type { SubscriptionState } from './subscription-state.ts'
import { checkPartitions, formatPartition, type TopicPartition } from './topic-partition.ts'

export interface AssignmentOptions {
  readonly config: ConsumerConfig
  readonly subscription: SubscriptionState
  /** Null without a group, as are the commits. */
  readonly membership: GroupMembership | null
  readonly commits: CommitQueue | null
  readonly positions: Positions
  readonly gate: PollGate
  readonly hand: Hand
  readonly errors: PendingErrors
  readonly end: ConsumerEnd
  /** Partitions went: what is there of them is void, and nobody need wait for it. */
  readonly onDropped: () => void
}

/** What is read: topics as a member of a group, or partitions as they are. And how partitions come and go. */
export class Assignment {
  readonly #client: KafkaClient
  readonly #options: AssignmentOptions
  #topics: readonly string[] = []
  #listener: RebalanceListener = {}
  /** What of an unsubscribe is under way. */
  #givingUp: Promise<void> = Promise.resolve()

  constructor(client: KafkaClient, options: AssignmentOptions) {
    this.#client = client
    this.#options = options
  }

  /** Topics of the subscription. */
  get topics(): readonly string[] {
    return this.#topics
  }

  async subscribe(topics: readonly string[], listener: RebalanceListener): Promise<void> {
    const { membership, commits, subscription, errors, end } = this.#options
    end.ensureOpen()
    if (membership === null)
      throw new KafkaError('ILLEGAL_STATE', 'subscribe needs a group: give createConsumer a "groupId", or use assign')
    if (!Array.isArray(topics) || topics.some(topic => typeof topic !== 'string' || topic === ''))
      throw new TypeError('subscribe takes a list of topic names')
    if (this.#topics.length === 0 && subscription.size > 0) {
      throw new KafkaError('ILLEGAL_STATE', 'the consumer reads assigned partitions; unsubscribe first to become a member of a group')
    }
    if (topics.length === 0) return await this.unsubscribe({})
    await this.#settled(this.#givingUp, {})
    end.ensureOpen()
    this.#topics = [...new Set(topics)]
    this.#listener = listener
    errors.setLast(null)
    membership.start(this.#topics)
    commits?.start()
  }

  assign(partitions: readonly TopicPartition[]): void {
    const { config, subscription, commits, positions, hand, end } = this.#options
    end.ensureOpen()
    checkPartitions(partitions)
    if (this.#topics.length > 0)
      throw new KafkaError('ILLEGAL_STATE', 'the consumer is subscribed to topics; unsubscribe first to assign partitions')
    // What was read of the partitions that go counts, as at a close.
    hand.finishPolled()
    if (config.enableAutoCommit) void commits?.commitFinished('before partitions are dropped')
    const wanted = new Map(partitions.map(partition => [formatPartition(partition), partition]))
    subscription.remove([...subscription.all].filter(state => !wanted.has(formatPartition(state))))
    subscription.add([...wanted.values()].filter(partition => subscription.get(partition) === undefined))
    this.#client.setInterest(new Set([...wanted.values()].map(({ topic }) => topic)))
    this.#client.refreshSoon()
    commits?.start()
    positions.settle()
  }

  async unsubscribe(options: WaitOptions): Promise<void> {
    const { membership, gate, end } = this.#options
    end.ensureOpen()
    membership?.halt()
    const before = this.#givingUp
    const givingUp = (async () => {
      // One at a time, or the listener would be told twice.
      await before
      await gate.enter()
      try {
        await this.#giveUp()
      } finally {
        gate.leave()
      }
    })()
    this.#givingUp = givingUp.catch(() => {})
    await this.#settled(givingUp, options)
  }

  /** Gives everything up for good. Nothing is read behind it. */
  async close(): Promise<void> {
    const { membership, commits, gate } = this.#options
    commits?.stop()
    membership?.halt()
    await this.#givingUp
    // Closing is asking for no more: what waits for the user to hold nothing may happen.
    await gate.enter()
    await this.#giveUp()
  }

  /** The group gave partitions to this consumer. */
  async receive(partitions: readonly TopicPartition[]): Promise<void> {
    const { subscription, positions } = this.#options
    subscription.add(partitions)
    await this.#tell(() => this.#listener.onPartitionsAssigned?.(partitions))
    positions.settle()
  }

  /** The group takes partitions away, or, if they are not ours any more, has done so. */
  async revoke(partitions: readonly TopicPartition[], stillOurs: boolean): Promise<void> {
    const { config, subscription, commits, onDropped } = this.#options
    for (const partition of partitions) {
      const state = subscription.get(partition)
      if (state !== undefined) state.leaving = true
    }
    if (stillOurs) {
      if (config.enableAutoCommit) await commits?.commitFinished('before partitions go')
      await this.#tell(() => this.#listener.onPartitionsRevoked?.(partitions))
    } else {
      const { onPartitionsLost, onPartitionsRevoked } = this.#listener
      await this.#tell(() =>
        onPartitionsLost !== undefined
          ? onPartitionsLost.call(this.#listener, partitions)
          : onPartitionsRevoked?.call(this.#listener, partitions),
      )
    }
    subscription.remove(partitions)
    onDropped()
  }

  /** Under which name offsets are committed. @throws KafkaError `UNKNOWN_MEMBER_ID` if the consumer should be a member and is none */
  committingMember(): MemberIdentity {
    const { config, membership } = this.#options
    if (this.#topics.length === 0) return NO_MEMBER
    const member = membership?.identity ?? NO_MEMBER
    if (member.generationId >= 0) return member
    // Without a generation it would be taken for the commit of somebody outside of the group, whose members may have gone further.
    throw new KafkaError(
      'UNKNOWN_MEMBER_ID',
      `group ${config.groupId}: nothing is committed, because this consumer is no member now (any more); its partitions may be somebody else's`,
      { retriable: false },
    )
  }

  /** Leaves the group or drops what was assigned. The caller has made sure that the user holds nothing. */
  async #giveUp(): Promise<void> {
    const { config, subscription, membership, commits, hand, onDropped } = this.#options
    hand.finishPolled()
    hand.drop()
    if (this.#topics.length > 0 && membership !== null) {
      await membership.stop()
    } else if (config.enableAutoCommit) await commits?.commitFinished('before partitions are dropped')
    subscription.clear()
    onDropped()
    this.#topics = []
    this.#listener = {}
    commits?.stop()
  }

  /** Waits for the end of an unsubscribe. */
  #settled(givingUp: Promise<void>, { signal, timeoutMs = this.#options.config.defaultApiTimeoutMs }: WaitOptions): Promise<void> {
    const tooLate = () => new TimeoutError(`unsubscribing is not over after ${timeoutMs} ms: does the rebalance listener return?`)
    return withTimeout(this.#client.world.clock, givingUp, timeoutMs, tooLate, signal)
  }

  async #tell(call: () => void | Promise<void>): Promise<void> {
    try {
      await call()
    } catch (error) {
      this.#options.errors.tell(
        error instanceof KafkaError
          ? error
          : new KafkaError('ILLEGAL_STATE', `the rebalance listener failed: ${messageOf(error)}`, { cause: error }),
      )
    }
  }
}
