import {
  consumerProtocolSubscription,
  encodeVersioned,
  heartbeat,
  type JoinGroupRequestInput,
  type JoinGroupResponse,
  joinGroup,
  type OffsetFetchGroupResponse,
  offsetCommit,
  offsetFetch,
  type SyncGroupResponse,
  syncGroup,
} from '@logwerk/protocol'
import type { RawClient } from '../raw-client.test-support.ts'
import type { TestBroker } from '../test-broker.test-support.ts'

export const GROUP = 'billing'

/** Members of one test arrive within this time, and are one generation. */
export const GATHERING = { groupInitialRebalanceDelayMs: 100 }

/** What a member of a test sends in JoinGroup. */
export function joinRequest(request: Partial<JoinGroupRequestInput> = {}): JoinGroupRequestInput {
  return {
    groupId: GROUP,
    sessionTimeoutMs: 10_000,
    rebalanceTimeoutMs: 60_000,
    memberId: '',
    protocolType: 'consumer',
    protocols: [{ name: 'range', metadata: encodeVersioned(consumerProtocolSubscription, 1, { topics: ['orders'] }) }],
    ...request,
  }
}

/** A member of a group, on a connection of its own: the broker reads nothing from it while it waits. */
export class TestMember {
  readonly client: RawClient
  readonly #broker: TestBroker
  readonly #request: Partial<JoinGroupRequestInput>
  memberId = ''
  generationId = -1

  private constructor(broker: TestBroker, client: RawClient, request: Partial<JoinGroupRequestInput>) {
    this.#broker = broker
    this.client = client
    this.#request = request
  }

  static async connect(broker: TestBroker, request: Partial<JoinGroupRequestInput> = {}): Promise<TestMember> {
    return new TestMember(broker, await broker.connect(), request)
  }

  /** Joins, with the second request that version 4 on asks for; waits for the others. */
  async join(version = 9): Promise<JoinGroupResponse> {
    let response = await this.#join(version)
    if (response.errorCode === 'MEMBER_ID_REQUIRED') {
      this.memberId = response.memberId
      response = await this.#join(version)
    }
    if (response.errorCode === 'NONE') {
      this.memberId = response.memberId
      this.generationId = response.generationId
    }
    return response
  }

  /** Asks for the assignment; a leader gives each member its own id as one. */
  sync(assignTo: readonly string[] = [], version = 5): Promise<SyncGroupResponse> {
    return this.client.ask(syncGroup, version, {
      groupId: GROUP,
      generationId: this.generationId,
      memberId: this.memberId,
      protocolType: 'consumer',
      protocolName: 'range',
      assignments: assignTo.map(memberId => ({ memberId, assignment: Buffer.from(memberId) })),
    })
  }

  async heartbeat(): Promise<string> {
    const { generationId, memberId } = this
    return (await this.#broker.run(this.client.ask(heartbeat, 4, { groupId: GROUP, generationId, memberId }))).errorCode
  }

  /** Commits an offset of orders-0. */
  async commit(committedOffset: number): Promise<string> {
    const { generationId, memberId } = this
    const response = await this.#broker.run(
      this.client.ask(offsetCommit, 9, {
        groupId: GROUP,
        generationIdOrMemberEpoch: generationId,
        memberId,
        topics: [{ name: 'orders', partitions: [{ partitionIndex: 0, committedOffset, committedMetadata: null }] }],
      }),
    )
    return response.topics[0]!.partitions[0]!.errorCode
  }

  #join(version: number): Promise<JoinGroupResponse> {
    return this.client.ask(joinGroup, version, joinRequest({ ...this.#request, memberId: this.memberId }))
  }
}

/** A group with an assignment. Needs a broker with {@link GATHERING}. */
export async function stableGroup(
  broker: TestBroker,
  requests: readonly Partial<JoinGroupRequestInput>[] = [{}, {}],
): Promise<readonly TestMember[]> {
  const members: TestMember[] = []
  for (const request of requests) members.push(await TestMember.connect(broker, request))
  const joins = await broker.run(Promise.all(members.map(member => member.join())))
  const ids = members.map(member => member.memberId)
  await broker.run(Promise.all(members.map((member, index) => member.sync(joins[index]!.leader === member.memberId ? ids : []))))
  return members
}

/** What the group has committed for orders-0. */
export async function committed(broker: TestBroker): Promise<number> {
  const topics = [{ name: 'orders', partitionIndexes: [0] }]
  const group = await fetchGroup(broker, 9, topics)
  return group.topics[0]!.partitions[0]!.committedOffset
}

/** Asks for committed offsets; null for all. */
export async function fetchGroup(
  broker: TestBroker,
  version: number,
  topics: readonly { name?: string; topicId?: string; partitionIndexes: readonly number[] }[] | null,
): Promise<OffsetFetchGroupResponse> {
  const { groups } = await broker.ask(offsetFetch, version, { groups: [{ groupId: GROUP, topics }] })
  return groups[0]!
}
