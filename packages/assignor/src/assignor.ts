/** Partitions of one topic, ascending. */
export interface TopicPartitions {
  readonly topic: string
  readonly partitions: readonly number[]
}

/** The topics as the leader's metadata shows them. */
export interface AssignorCluster {
  /** Undefined for a topic that does not exist (yet): its subscribers get nothing of it. */
  partitionsOf(topic: string): { readonly partitionCount: number } | undefined
}

/** A member as its subscription describes it (`ConsumerProtocolSubscription`). */
export interface AssignorMember {
  readonly memberId: string
  /** Of a static member (KIP-345), else null. */
  readonly groupInstanceId: string | null
  readonly topics: readonly string[]
  /** What it keeps while it rejoins; empty under the eager protocol, where a member gives everything up first. */
  readonly ownedPartitions: readonly TopicPartitions[]
  /** The generation that `ownedPartitions` come from; -1 if the member does not say (subscription below version 2). */
  readonly generationId: number
  /** What the member's {@link Assignor.subscriptionUserData} made; null if nothing. */
  readonly userData: Uint8Array | null
  /** `client.rack`. The built-in assignors do not look at it. */
  readonly rackId: string | null
}

/** Who gets what: an entry for every member, topics in the order of their names, partitions ascending. */
export type GroupAssignment = Map<string, TopicPartitions[]>

/** What a consumer tells its assignor before it joins. */
export interface AssignorHistory {
  readonly topics: readonly string[]
  /** The member's last assignment, also after it was given up to rejoin; null before the first. */
  readonly assignment: readonly TopicPartitions[] | null
  /** The generation of that assignment; -1 before the first. */
  readonly generationId: number
}

/**
 * Divides the partitions among the members of a group; runs in the member that the coordinator made leader. All members have to list an
 * assignor of this name, whatever language they are written in. Source: Kafka's `ConsumerPartitionAssignor`.
 */
export interface Assignor {
  /** The name in the group protocol, e.g. `cooperative-sticky`. */
  readonly name: string
  /**
   * `eager`: members give up everything before they rejoin. `cooperative` (KIP-429): they keep what they have, and the assignor must not
   * give a partition to a new owner while another member still holds it. A group uses the best that all members' assignors support.
   */
  readonly supportedProtocols: readonly ('eager' | 'cooperative')[]
  /** Bytes that travel with the subscription to the leader's {@link assign}; null or left out for none. */
  subscriptionUserData?(history: AssignorHistory): Uint8Array | null
  /** Pure and deterministic: the same group in any order gets the same answer. A member that is left out gets nothing. */
  assign(cluster: AssignorCluster, members: readonly AssignorMember[]): GroupAssignment
  /** Called in every member with what it was given. */
  onAssignment?(assignment: readonly TopicPartitions[], generationId: number): void
}
