import type { KafkaClient } from '@logwerk/client'
import { offsetCommit, offsetFetch } from '@logwerk/protocol'
import { KafkaError, TimeoutError } from '@logwerk/runtime'
import { groupByTopic } from './group-by-topic.ts'
import type { GroupCoordinator } from './group-coordinator.ts'
import { formatPartition, type TopicPartition, type TopicPartitionOffset } from './topic-partition.ts'

/** The last version of both APIs that goes by topic name; the next one needs ids, which an older cluster does not have. */
const BY_NAME_VERSION = 9

interface CommitOptions {
  readonly signal?: AbortSignal | undefined
  readonly timeoutMs?: number | undefined
}

/** Reads what a group has committed. */
export interface CommittedOffsets {
  /** By `topic-partition`; partitions without a commit are left out. @throws KafkaError, TimeoutError */
  fetch(partitions: Iterable<TopicPartition>, options?: CommitOptions): Promise<Map<string, TopicPartitionOffset>>
}

/** Who commits: a member of a generation, or, with -1 and '', somebody outside of the group's membership. */
export interface MemberIdentity {
  readonly generationId: number
  readonly memberId: string
  readonly groupInstanceId: string | null
}

export const NO_MEMBER: MemberIdentity = { generationId: -1, memberId: '', groupInstanceId: null }

/** Commits offsets to the group's coordinator, and reads them back. */
export class OffsetCommitter implements CommittedOffsets {
  readonly #client: KafkaClient
  readonly #coordinator: GroupCoordinator
  readonly #timeoutMs: number

  constructor(client: KafkaClient, coordinator: GroupCoordinator, timeoutMs: number) {
    this.#client = client
    this.#coordinator = coordinator
    this.#timeoutMs = timeoutMs
  }

  /**
   * Commits, and resolves when the coordinator has the offsets on record. Tried again for reasons that pass.
   *
   * @throws KafkaError `UNKNOWN_MEMBER_ID`, `ILLEGAL_GENERATION`, `REBALANCE_IN_PROGRESS` if the partitions are (or are about to be)
   *         somebody else's; `OFFSET_METADATA_TOO_LARGE`; TimeoutError; `signal.reason`
   */
  async commit(offsets: readonly TopicPartitionOffset[], member: MemberIdentity, options: CommitOptions = {}): Promise<void> {
    if (offsets.length === 0) return
    const { timeoutMs = this.#timeoutMs, signal } = options
    await this.#client.retrying('committing offsets', { timeoutMs, signal }, async () => {
      const answer = await this.#coordinator.send(
        offsetCommit,
        {
          groupId: this.#coordinator.groupId,
          generationIdOrMemberEpoch: member.generationId,
          memberId: member.memberId,
          groupInstanceId: member.groupInstanceId,
          topics: groupByTopic(offsets).map(([name, partitions]) => ({
            name,
            partitions: partitions.map(({ partition, offset, metadata, leaderEpoch }) => ({
              partitionIndex: partition,
              committedOffset: offset,
              committedLeaderEpoch: leaderEpoch ?? -1,
              committedMetadata: metadata ?? '',
            })),
          })),
        },
        { maxVersion: BY_NAME_VERSION },
      )
      for (const { name, partitions } of answer.topics) {
        for (const { partitionIndex, errorCode } of partitions) {
          if (errorCode === 'NONE') continue
          const error = this.#coordinator.errorOf(errorCode)
          throw new KafkaError(error.code, `${name}-${partitionIndex}: ${error.message}`, {
            at: { ...error.at, topic: name, partition: partitionIndex },
            // The group is forming anew: the same commit may be too late, which only the member itself can tell.
            // A topic that is gone does not come back by waiting, and must not hold up the commits behind this one.
            retriable: errorCode !== 'REBALANCE_IN_PROGRESS' && errorCode !== 'UNKNOWN_TOPIC_OR_PARTITION' && error.retriable,
          })
        }
      }
    })
  }

  async fetch(partitions: Iterable<TopicPartition>, options: CommitOptions = {}): Promise<Map<string, TopicPartitionOffset>> {
    const { timeoutMs = this.#timeoutMs, signal } = options
    const wanted = [...partitions]
    const { groupId } = this.#coordinator
    const topics = groupByTopic(wanted).map(([name, ofTopic]) => ({ name, partitionIndexes: ofTopic.map(({ partition }) => partition) }))
    return await this.#client.retrying('reading committed offsets', { timeoutMs, signal }, async () => {
      const batched = (await this.#coordinator.versionOf(offsetFetch, BY_NAME_VERSION)) >= 8
      const answer = await this.#coordinator.send(
        offsetFetch,
        // Offsets of a transaction that is still open are not settled: wait for them (KIP-447).
        batched ? { groups: [{ groupId, topics }], requireStable: true } : { groupId, topics },
        { maxVersion: BY_NAME_VERSION },
      )
      const group = batched ? answer.groups[0] : answer
      if (group === undefined) throw new TimeoutError(`group ${groupId}: the coordinator left the group out of its answer`)
      if (group.errorCode !== 'NONE') throw this.#coordinator.errorOf(group.errorCode)
      const found = new Map<string, TopicPartitionOffset>()
      for (const { name: topic, partitions: answers } of group.topics) {
        for (const { partitionIndex: partition, errorCode, committedOffset, committedLeaderEpoch, metadata } of answers) {
          // A topic that is gone has no offsets, which is not this call's failure.
          if (errorCode === 'UNKNOWN_TOPIC_OR_PARTITION' || (errorCode === 'NONE' && committedOffset < 0)) continue
          if (errorCode !== 'NONE') throw this.#coordinator.errorOf(errorCode)
          found.set(formatPartition({ topic, partition }), {
            topic,
            partition,
            offset: committedOffset,
            leaderEpoch: committedLeaderEpoch,
            ...(metadata === null || metadata === '' ? {} : { metadata }),
          })
        }
      }
      return found
    })
  }
}
