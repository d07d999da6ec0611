import type { KafkaClient } from '@logwerk/client'
import { heartbeat } from '@logwerk/protocol'
import { KafkaError, type Timer, type World } from '@logwerk/runtime'
import type { ConsumerConfig } from './consumer-config.ts'
import type { GroupCoordinator } from './group-coordinator.ts'
import type { MemberIdentity } from './offset-committer.ts'
import type { PollGate } from './poll-gate.ts'

/** What a member forgets before it joins anew: its generation, or its id too. */
export type Forget = 'generation' | 'member'

export interface HeartbeatsOptions {
  readonly config: ConsumerConfig
  readonly gate: PollGate
  readonly member: () => MemberIdentity
  /** A JoinGroup waits for its answer: until then the coordinator keeps the member without heartbeats. */
  readonly isJoining: () => boolean
  /** Monotonic time at which records were last asked for, to within a heartbeat. */
  readonly lastPollMs: () => number
  /** The group forms anew. */
  readonly onRebalance: () => void
  /** The coordinator no longer knows the member, or has not heard of it for too long. */
  readonly onForgotten: (what: Forget) => void
  /** Nobody has asked for records during `maxPollIntervalMs`. */
  readonly onPollOverdue: () => Promise<void>
  /** The membership has ended for a reason that does not pass. */
  readonly onEnd: (error: KafkaError) => Promise<void>
}

/**
 * Tells the coordinator that the member lives, and stops when its user does not ask for records any more.
 * Source: Kafka's `AbstractCoordinator.HeartbeatThread`.
 */
export class Heartbeats {
  readonly #client: KafkaClient
  readonly #world: World
  readonly #coordinator: GroupCoordinator
  readonly #options: HeartbeatsOptions
  #timer: Timer | null = null
  #lastMs = 0

  constructor(client: KafkaClient, coordinator: GroupCoordinator, options: HeartbeatsOptions) {
    this.#client = client
    this.#world = client.world
    this.#coordinator = coordinator
    this.#options = options
  }

  /** The member has joined. Once `signal` has aborted they go on until `stop`, but their answers count for nothing. */
  begin(signal: AbortSignal): void {
    this.#lastMs = this.#world.clock.monotonicMs()
    this.#timer?.cancel()
    this.#setTimer(signal)
  }

  stop(): void {
    this.#timer?.cancel()
  }

  #setTimer(signal: AbortSignal): void {
    this.#timer = this.#world.clock.setTimer(this.#options.config.heartbeatIntervalMs, () => {
      void this.#beat(signal)
    })
  }

  async #beat(signal: AbortSignal): Promise<void> {
    const { config, gate, member, isJoining, lastPollMs } = this.#options
    const { generationId } = member()
    if (generationId < 0 || this.#client.isClosed) return
    // Who waits for records is not slow; who has been told of a rebalance, and does not come back from it, is.
    const isWaiting = isJoining() || (gate.isInside && !gate.isRunning)
    if (!isWaiting && this.#world.clock.monotonicMs() - lastPollMs() > config.maxPollIntervalMs) return await this.#options.onPollOverdue()
    this.#setTimer(signal)
    if (isJoining()) return
    try {
      await this.#send(member(), signal)
    } catch (error) {
      this.#coordinator.noteError(error)
      if (signal.aborted || this.#client.isClosed) return
      // Nobody heard of us for a whole session: others have our partitions by now, or will have.
      if (this.#world.clock.monotonicMs() - this.#lastMs > config.sessionTimeoutMs) this.#options.onForgotten('generation')
    }
  }

  async #send({ generationId, memberId, groupInstanceId }: MemberIdentity, signal: AbortSignal): Promise<void> {
    const { config, member, isJoining, onRebalance, onForgotten, onEnd } = this.#options
    const { groupId } = this.#coordinator
    const answer = await this.#coordinator.send(
      heartbeat,
      { groupId, generationId, memberId, groupInstanceId },
      { timeoutMs: Math.min(config.requestTimeoutMs, config.sessionTimeoutMs) },
    )
    // A join that was sent meanwhile makes the answer old.
    if (signal.aborted || isJoining() || generationId !== member().generationId) return
    switch (answer.errorCode) {
      case 'NONE':
        this.#lastMs = this.#world.clock.monotonicMs()
        return
      case 'REBALANCE_IN_PROGRESS':
        this.#lastMs = this.#world.clock.monotonicMs()
        return onRebalance()
      case 'ILLEGAL_GENERATION':
        return onForgotten('generation')
      case 'UNKNOWN_MEMBER_ID':
        return onForgotten('member')
      case 'FENCED_INSTANCE_ID': {
        onForgotten('member')
        const error = new KafkaError(
          answer.errorCode,
          `group ${groupId}: another consumer has taken over the groupInstanceId "${groupInstanceId}"`,
          { at: { groupId } },
        )
        return await onEnd(error)
      }
      default: {
        const error = this.#coordinator.errorOf(answer.errorCode)
        if (!error.retriable) await onEnd(error)
      }
    }
  }
}
