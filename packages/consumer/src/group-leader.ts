import { type Assignor, type AssignorMember, assignGroup } from '@logwerk/assignor'
import type { KafkaClient } from '@logwerk/client'
import {
  consumerProtocolAssignment,
  consumerProtocolSubscription,
  decodeVersioned,
  encodeVersioned,
  type JoinGroupResponse,
} from '@logwerk/protocol'
import type { Timer } from '@logwerk/runtime'
import { unlessAborted } from './unless-aborted.ts'

/** The leader writes what every consumer since version 2.4 of Kafka reads. */
const ASSIGNMENT_VERSION = 1
/** Time between two questions whether a subscribed topic exists by now. */
const MISSING_TOPIC_MS = 1000

/** The leader's part in a group: gives the partitions out, and watches whether there are others to give out. */
export class GroupLeader {
  readonly #client: KafkaClient
  readonly #groupId: string
  #isLeading = false
  /** Partition counts of the topics when they were last assigned: a change calls for another assignment. */
  #assignedCounts = new Map<string, number>()
  #missingTimer: Timer | null = null

  constructor(client: KafkaClient, groupId: string) {
    this.#client = client
    this.#groupId = groupId
  }

  /** Everybody's subscription in, everybody's partitions out. From now on this member leads. @throws KafkaError; `signal.reason` */
  async assign(assignor: Assignor, joined: JoinGroupResponse, signal: AbortSignal): Promise<{ memberId: string; assignment: Buffer }[]> {
    this.#isLeading = true
    const members: AssignorMember[] = joined.members.map(({ memberId, groupInstanceId, metadata }) => {
      const { value: subscription } = decodeVersioned(consumerProtocolSubscription, metadata, { newer: 'asNewest' })
      return {
        memberId,
        groupInstanceId,
        topics: subscription.topics,
        ownedPartitions: subscription.ownedPartitions,
        generationId: subscription.generationId,
        userData: subscription.userData,
        rackId: subscription.rackId,
      }
    })
    const topics = new Set(members.flatMap(member => member.topics))
    // The leader watches the topics of all members, its own or not.
    this.#client.setInterest(topics)
    await unlessAborted(this.#client.refresh(), signal)
    // It may have been under way already, for other topics: those of now would be taken for missing, and given to nobody.
    const { metadata } = this.#client
    const isAnswered = (topic: string) => metadata.topic(topic) !== undefined || metadata.errorOf(topic) !== undefined
    if (![...topics].every(isAnswered)) await unlessAborted(this.#client.refresh(), signal)
    this.#assignedCounts = new Map([...topics].map(topic => [topic, this.#client.metadata.topic(topic)?.partitions.length ?? 0]))
    this.#watchMissing()
    // A static leader that came back: everybody keeps what they have, and the leader goes on to watch the topics (KIP-814).
    if (joined.skipAssignment) return []
    const partitionsOf = (topic: string) => {
      const partitionCount = this.#client.metadata.topic(topic)?.partitions.length
      return partitionCount === undefined ? undefined : { partitionCount }
    }
    const assignments = assignGroup(assignor, { partitionsOf }, members)
    return [...assignments].map(([memberId, assignedPartitions]) => ({
      memberId,
      assignment: encodeVersioned(consumerProtocolAssignment, ASSIGNMENT_VERSION, {
        assignedPartitions: assignedPartitions.map(({ topic, partitions }) => ({ topic, partitions: [...partitions] })),
        userData: null,
      }),
    }))
  }

  /** True for a leader whose topics have other partitions now than those that were given out. */
  get isOutdated(): boolean {
    if (!this.#isLeading) return false
    const { metadata } = this.#client
    for (const [topic, count] of this.#assignedCounts) {
      const now = metadata.topic(topic)?.partitions.length ?? (metadata.errorOf(topic) === 'UNKNOWN_TOPIC_OR_PARTITION' ? 0 : undefined)
      if (now !== undefined && now !== count) return true
    }
    return false
  }

  /** Somebody else leads, or the membership ends. */
  resign(): void {
    this.#isLeading = false
    this.#missingTimer?.cancel()
  }

  /** A topic that does not exist yet, or is being created just now, is asked about until it does. */
  #watchMissing(): void {
    this.#missingTimer?.cancel()
    this.#missingTimer = null
    const missing = [...this.#assignedCounts].filter(([, count]) => count === 0).map(([topic]) => topic)
    if (missing.length === 0) return
    const { clock, log } = this.#client.world
    log.warn(`subscribed topics that do not exist (yet): ${missing.join(', ')}`, { groupId: this.#groupId })
    const again = () => {
      this.#missingTimer = clock.setTimer(MISSING_TOPIC_MS, () => {
        if (!this.#isLeading || this.#client.isClosed) return
        this.#client.refreshSoon()
        again()
      })
    }
    again()
  }
}
