import {
  type AnyApi,
  type Api,
  apiOfKey,
  apiVersions,
  decodeRequestHeader,
  encodeResponseHeader,
  FrameReader,
  frameOf,
  MessageReader,
  MessageWriter,
  metadata,
} from '@logwerk/protocol'
import { type Connection, ZERO_UUID } from '@logwerk/runtime'
import { createSimulation, type Simulation } from '@logwerk/runtime/simulated'
import { type Admin, type AdminOptions, createAdmin } from './admin.ts'

/** What a broker of the script answers; null cuts the connection instead. */
type Handler = (request: unknown, from: { readonly nodeId: number; readonly version: number }) => unknown

/** A request that came, for what a test wants to know about it. */
export interface Seen {
  readonly nodeId: number
  readonly name: string
  readonly version: number
  readonly request: unknown
}

const MAX_FRAME_BYTES = 1 << 24
const PORT = 9092

/**
 * Brokers that answer as a test says, on a simulated network; node n runs on the machine `broker-n`. Metadata and versions are answered
 * without a script.
 */
export class ScriptedCluster {
  readonly simulation: Simulation = createSimulation({ seed: 7 })
  readonly seen: Seen[] = []
  /** Leaders of the partitions of each topic, by number. */
  readonly topics = new Map<string, readonly number[]>()
  /** The node that takes changes. The last one at first. */
  controller: number
  readonly #nodeIds: readonly number[]
  readonly #handlers = new Map<AnyApi, Handler>()
  readonly #newest = new Map<AnyApi, number>()

  private constructor(nodeIds: readonly number[]) {
    this.#nodeIds = nodeIds
    this.controller = nodeIds.at(-1) ?? -1
  }

  static async start(nodeIds: readonly number[]): Promise<ScriptedCluster> {
    const cluster = new ScriptedCluster(nodeIds)
    for (const nodeId of nodeIds) {
      const { network } = cluster.simulation.machine(`broker-${nodeId}`).world
      await cluster.run(network.listen({ host: `broker-${nodeId}`, port: PORT }, connection => cluster.#serve(nodeId, connection)))
    }
    return cluster
  }

  /** Sets how requests of an API are answered. */
  on<Req, ReqIn, Res, ResIn>(
    api: Api<Req, ReqIn, Res, ResIn>,
    handler: (request: Req, from: { readonly nodeId: number; readonly version: number }) => ResIn | null,
  ): void {
    this.#handlers.set(api, handler as Handler)
  }

  /** Makes the brokers older: `version` is the newest one that they speak; -1 for not at all. */
  limit(api: AnyApi, version: number): void {
    this.#newest.set(api, version)
  }

  admin(options: Partial<AdminOptions> = {}): Admin {
    return createAdmin({ bootstrapServers: [`broker-${this.#nodeIds[0]}:${PORT}`], world: this.simulation.world, ...options })
  }

  run<T>(promise: Promise<T>): Promise<T> {
    return this.simulation.runUntil(promise)
  }

  /** Nodes that requests of an API went to, in order. */
  nodesAsked(api: AnyApi): number[] {
    return this.seen.filter(({ name }) => name === api.name).map(({ nodeId }) => nodeId)
  }

  #serve(nodeId: number, connection: Connection): void {
    const frames = new FrameReader(frame => this.#answer(nodeId, connection, frame), MAX_FRAME_BYTES)
    connection.onClose(() => frames.stop())
    connection.onData(
      () => frames.supplyBuffer(),
      byteCount => frames.onBytes(byteCount),
    )
  }

  #answer(nodeId: number, connection: Connection, frame: Buffer): void {
    const reader = new MessageReader(frame)
    const { apiKey, apiVersion: version, correlationId } = decodeRequestHeader(reader, apiOfKey)
    const api = apiOfKey(apiKey)!
    const request: unknown = api.request.codec(version).decode(reader)
    if (api.key !== apiVersions.key) this.seen.push({ nodeId, name: api.name, version, request })
    const answer = this.#answerTo(api)(request, { nodeId, version })
    if (answer === null) return connection.destroy()
    const writer = new MessageWriter()
    encodeResponseHeader(writer, api, version, correlationId)
    api.response.codec(version).encode(writer, answer)
    connection.write(frameOf(writer.chunks()))
  }

  #answerTo(api: AnyApi): Handler {
    if (api.key === apiVersions.key) return () => this.#versions()
    const handler = this.#handlers.get(api)
    if (handler !== undefined) return handler
    if (api.key === metadata.key) return request => this.#describe((request as { topics: readonly { name: string }[] | null }).topics)
    throw new Error(`the script has no answer to ${api.name}`)
  }

  #versions() {
    const spoken = [apiVersions, metadata, ...this.#handlers.keys()].filter(api => this.#newest.get(api) !== -1)
    return {
      errorCode: 'NONE',
      apiKeys: spoken.map((api: AnyApi) => ({
        apiKey: api.key,
        minVersion: api.versions[0],
        maxVersion: this.#newest.get(api) ?? api.versions[1],
      })),
    }
  }

  #describe(asked: readonly { readonly name: string }[] | null) {
    const names = asked?.map(({ name }) => name) ?? [...this.topics.keys()]
    return {
      brokers: this.#nodeIds.map(nodeId => ({ nodeId, host: `broker-${nodeId}`, port: PORT })),
      controllerId: this.controller,
      topics: names.map(name => ({
        errorCode: this.topics.has(name) ? 'NONE' : 'UNKNOWN_TOPIC_OR_PARTITION',
        name,
        topicId: ZERO_UUID,
        partitions: (this.topics.get(name) ?? []).map((leaderId, partitionIndex) => ({
          errorCode: 'NONE',
          partitionIndex,
          leaderId,
          replicaNodes: [leaderId],
          isrNodes: [leaderId],
        })),
      })),
    }
  }
}
