import type { KafkaClient, Purpose, SendOptions } from '@logwerk/client'
import type { Api } from '@logwerk/protocol'
import { brokerError, KafkaError } from '@logwerk/runtime'

const MOVED: ReadonlySet<string> = new Set([
  'NOT_COORDINATOR',
  'COORDINATOR_NOT_AVAILABLE',
  'NETWORK_EXCEPTION',
  'REQUEST_TIMED_OUT',
  'BROKER_NOT_AVAILABLE',
])

/** The broker that coordinates a group, found when it is needed and forgotten when it no longer is the one. */
export class GroupCoordinator {
  readonly groupId: string
  readonly #client: KafkaClient
  #nodeId: number | null = null

  constructor(client: KafkaClient, groupId: string) {
    this.#client = client
    this.groupId = groupId
  }

  /** The coordinator's node. @throws KafkaError */
  async find(): Promise<number> {
    this.#nodeId ??= await this.#client.findGroupCoordinator(this.groupId)
    return this.#nodeId
  }

  /** Sends to the coordinator. An error that says that it moved, thrown here or told to {@link noteError}, has it looked for again. */
  async send<Req, ReqIn, Res, ResIn>(
    api: Api<Req, ReqIn, Res, ResIn>,
    request: ReqIn,
    options: SendOptions & { readonly purpose?: Purpose } = {},
  ): Promise<Res> {
    const nodeId = await this.find()
    try {
      return await this.#client.send(nodeId, api, request, { purpose: 'coordinator', ...options })
    } catch (error) {
      this.noteError(error)
      throw error
    }
  }

  async versionOf(api: Parameters<Awaited<ReturnType<KafkaClient['connect']>>['versionOf']>[0], maxVersion?: number): Promise<number> {
    return (await this.#client.connect(await this.find(), 'coordinator')).versionOf(api, maxVersion)
  }

  noteError(error: unknown): void {
    if (error instanceof KafkaError && MOVED.has(error.code)) this.#nodeId = null
  }

  /** The error for a code that the coordinator answered. */
  errorOf(code: Parameters<typeof brokerError>[0]): KafkaError {
    const error = brokerError(code, { groupId: this.groupId, ...(this.#nodeId === null ? {} : { broker: this.#nodeId }) })
    this.noteError(error)
    return error
  }
}
