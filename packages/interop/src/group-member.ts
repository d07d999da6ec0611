import { clientConfig, KafkaClient, whereTo } from '@logwerk/client'
import { consumerProtocolAssignment, consumerProtocolSubscription, encodeVersioned, joinGroup, syncGroup } from '@logwerk/protocol'
import { brokerError, resolveConfig } from '@logwerk/runtime'

const SESSION_TIMEOUT_MS = 45_000

/** The only member of a group of consumers, which gives itself what it is told to. It never sends a heartbeat. */
export class GroupMember {
  readonly #client: KafkaClient

  constructor(bootstrapServers: readonly string[]) {
    const config = resolveConfig('GroupMember', clientConfig, { bootstrapServers, clientId: 'member' })
    const { world, bootstrap } = whereTo('GroupMember', {}, bootstrapServers)
    this.#client = new KafkaClient(world, { ...config, bootstrap, allowAutoTopicCreation: false })
  }

  /** @throws KafkaError */
  async join(groupId: string, topic: string, partitions: number[]): Promise<void> {
    const nodeId = await this.#client.findGroupCoordinator(groupId)
    await this.#client.refresh()
    const ask = (memberId: string) =>
      this.#client.send(nodeId, joinGroup, {
        groupId,
        sessionTimeoutMs: SESSION_TIMEOUT_MS,
        rebalanceTimeoutMs: SESSION_TIMEOUT_MS,
        memberId,
        protocolType: 'consumer',
        protocols: [{ name: 'range', metadata: encodeVersioned(consumerProtocolSubscription, 1, { topics: [topic] }) }],
      })
    // The first answer gives the member its id (KIP-394).
    const { memberId } = await ask('')
    const joined = await ask(memberId)
    if (joined.errorCode !== 'NONE') throw brokerError(joined.errorCode, { groupId })
    const assignment = encodeVersioned(consumerProtocolAssignment, 1, { assignedPartitions: [{ topic, partitions }] })
    const synced = await this.#client.send(nodeId, syncGroup, {
      groupId,
      generationId: joined.generationId,
      memberId,
      protocolType: 'consumer',
      protocolName: 'range',
      assignments: [{ memberId, assignment }],
    })
    if (synced.errorCode !== 'NONE') throw brokerError(synced.errorCode, { groupId })
  }

  close(): void {
    this.#client.close()
  }
}
