import type { KafkaClient } from '@logwerk/client'
import { KafkaError } from '@logwerk/runtime'

/** Groups whose coordinator is remembered; beyond it the one remembered longest is forgotten. */
const REMEMBERED_COUNT = 10_000

/** Which broker coordinates a group: found when first needed, remembered until an error says that it is another one. */
export class GroupCoordinators {
  readonly #client: KafkaClient
  readonly #nodes = new Map<string, number>()

  constructor(client: KafkaClient) {
    this.#client = client
  }

  /** @throws KafkaError, also retriable ones. */
  async find(groupId: string): Promise<number> {
    const known = this.#nodes.get(groupId)
    // A node that has left the metadata has left the cluster, and somebody else has taken over.
    if (known !== undefined && this.#client.metadata.nodes.has(known)) return known
    const nodeId = await this.#client.findGroupCoordinator(groupId)
    this.remember(groupId, nodeId)
    return nodeId
  }

  remember(groupId: string, nodeId: number): void {
    this.#nodes.delete(groupId)
    this.#nodes.set(groupId, nodeId)
    const [oldest] = this.#nodes.keys()
    if (this.#nodes.size > REMEMBERED_COUNT && oldest !== undefined) this.#nodes.delete(oldest)
  }

  /** Takes note of an error that a coordinator answered, or that asking it ended with. */
  heed(groupId: string, error: KafkaError): void {
    if (ENDS_TRUST.has(error.code)) this.#nodes.delete(groupId)
  }

  /**
   * Runs `action` with the node that coordinates the group.
   *
   * @throws as `action`, after taking note of what the error says about the coordinator.
   */
  async at<T>(groupId: string, action: (nodeId: number) => Promise<T>): Promise<T> {
    const nodeId = await this.find(groupId)
    try {
      return await action(nodeId)
    } catch (error) {
      if (error instanceof KafkaError) this.heed(groupId, error)
      throw error
    }
  }
}

/** What says, or suggests, that the group is coordinated elsewhere. */
const ENDS_TRUST: ReadonlySet<string> = new Set(['NOT_COORDINATOR', 'COORDINATOR_NOT_AVAILABLE', 'NETWORK_EXCEPTION', 'REQUEST_TIMED_OUT'])
