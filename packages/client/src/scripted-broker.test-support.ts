import {
  type AnyApi,
  type ApiVersionsResponseInput,
  apiOfKey,
  apiVersions,
  decodeRequestHeader,
  encodeResponseHeader,
  FrameReader,
  frameOf,
  MessageReader,
  MessageWriter,
  type MetadataResponseInput,
  metadata,
  type RequestOf,
  type ResponseInputOf,
} from '@logwerk/protocol'
import type { BrokerErrorCode, Connection, Endpoint, Uuid } from '@logwerk/runtime'
import { createSimulation, type Simulation } from '@logwerk/runtime/simulated'
import { clientConfig } from './client-config.ts'
import { KafkaClient, type KafkaClientOptions } from './kafka-client.ts'

/** Hang up instead of answering. */
export const HANG_UP = Symbol('hang up')
/** Never answer. */
export const SILENCE = Symbol('silence')

export interface Asked {
  readonly api: AnyApi
  readonly version: number
  readonly request: unknown
  readonly correlationId: number
  readonly atMs: number
  /** Number of the connection, from 0. */
  readonly connection: number
}

type Answer<Res> = Res | typeof HANG_UP | typeof SILENCE
type Handler = (request: never, asked: Asked) => unknown

/** What a cluster of scripted brokers tells in Metadata. */
export class ScriptedCluster {
  readonly simulation: Simulation
  readonly brokers = new Map<number, ScriptedBroker>()
  controllerId = -1
  topics: { name: string; topicId?: Uuid; errorCode?: BrokerErrorCode; partitions: { leader: number; epoch?: number }[] }[] = []

  constructor(seed = 1) {
    this.simulation = createSimulation({ seed })
  }

  /** Starts the broker of that id on a machine of its own, `b1` for 1. */
  async start(nodeId: number): Promise<ScriptedBroker> {
    const broker = new ScriptedBroker(this, nodeId)
    this.brokers.set(nodeId, broker)
    await this.simulation.runUntil(broker.listen())
    return broker
  }

  client(options: Partial<KafkaClientOptions> = {}): KafkaClient {
    const defaults = Object.fromEntries(Object.entries(clientConfig).map(([name, option]) => [name, option.default]))
    return new KafkaClient(this.simulation.world, {
      ...(defaults as unknown as KafkaClientOptions),
      bootstrap: [...this.brokers.values()].map(({ endpoint }) => endpoint),
      allowAutoTopicCreation: true,
      ...options,
    })
  }
}

/** A broker that says what its test tells it to. Requests are answered one at a time and connection, as Kafka does. */
export class ScriptedBroker {
  readonly endpoint: Endpoint
  readonly nodeId: number
  readonly asked: Asked[] = []
  readonly connections: Connection[] = []
  /** Bytes to answer with instead of frames. */
  garbage: Buffer | null = null
  /** Versions to offer; an API that is not here is offered as far as there is a handler. */
  readonly versions = new Map<number, readonly [min: number, max: number]>()
  /** Added to each correlation id. */
  correlationShift = 0
  readonly #cluster: ScriptedCluster
  readonly #handlers = new Map<number, Handler>()
  #stop: (() => Promise<void>) | null = null

  constructor(cluster: ScriptedCluster, nodeId: number) {
    this.#cluster = cluster
    this.nodeId = nodeId
    this.endpoint = { host: `b${nodeId}`, port: 9092 }
    this.on(apiVersions, (): ApiVersionsResponseInput => ({ errorCode: 'NONE', apiKeys: this.#offered() }))
    this.on(
      metadata,
      (request): MetadataResponseInput => ({
        brokers: [...cluster.brokers.values()].map(broker => ({ nodeId: broker.nodeId, ...broker.endpoint })),
        controllerId: cluster.controllerId,
        topics: (request.topics ?? cluster.topics).map(({ name }) => {
          const { topicId, errorCode = 'NONE', partitions = [] } = cluster.topics.find(topic => topic.name === name) ?? MISSING
          return {
            name,
            errorCode: errorCode as 'NONE',
            ...(topicId === undefined ? {} : { topicId }),
            partitions: partitions.map(({ leader, epoch = 0 }, partitionIndex) => ({
              errorCode: leader < 0 ? 'LEADER_NOT_AVAILABLE' : 'NONE',
              partitionIndex,
              leaderId: leader,
              leaderEpoch: epoch,
              replicaNodes: [],
              isrNodes: [],
            })),
          }
        }),
      }),
    )
  }

  /** Answers an API from now on. */
  on<A extends AnyApi>(
    api: A,
    handler: (request: RequestOf<A>, asked: Asked) => Answer<ResponseInputOf<A>> | Promise<Answer<ResponseInputOf<A>>>,
  ): this {
    this.#handlers.set(api.key, handler as Handler)
    return this
  }

  async listen(): Promise<void> {
    const { network } = this.#cluster.simulation.machine(this.endpoint.host).world
    const listener = await network.listen(this.endpoint, connection => this.#serve(connection))
    this.#stop = () => listener.close()
  }

  /** Refuses new connections; open ones stay. */
  async refuse(): Promise<void> {
    await this.#stop?.()
  }

  /** How often an API was asked. */
  count(api: AnyApi): number {
    return this.asked.filter(asked => asked.api === api).length
  }

  #serve(connection: Connection): void {
    const index = this.connections.push(connection) - 1
    let before: Promise<void> = Promise.resolve()
    const frames = new FrameReader(frame => {
      const asked = this.#read(frame, index)
      before = before.then(() => this.#answer(connection, asked))
    }, 1 << 20)
    connection.onData(
      () => frames.supplyBuffer(),
      byteCount => {
        if (this.garbage === null) frames.onBytes(byteCount)
        else if (this.garbage.length === 0) connection.close()
        else connection.write([this.garbage])
      },
    )
    connection.onClose(() => {})
  }

  #read(frame: Buffer, connection: number): Asked {
    const reader = new MessageReader(frame)
    const { apiKey, apiVersion, correlationId } = decodeRequestHeader(reader, apiOfKey)
    const api = apiOfKey(apiKey)!
    const max = this.versions.get(apiKey)?.[1] ?? api.versions[1]
    const request = apiVersion > max ? null : api.request.codec(apiVersion).decode(reader)
    const asked = { api, version: apiVersion, request, correlationId, atMs: this.#cluster.simulation.clock.monotonicMs(), connection }
    this.asked.push(asked)
    return asked
  }

  async #answer(connection: Connection, asked: Asked): Promise<void> {
    const { api, version, request, correlationId } = asked
    const writer = new MessageWriter()
    encodeResponseHeader(writer, api, version, correlationId + this.correlationShift)
    if (request === null) {
      // KIP-511: what is too new is answered in version 0, with the range that would do.
      const [minVersion, maxVersion] = this.versions.get(api.key)!
      const apiKeys = maxVersion === 0 ? [] : [{ apiKey: api.key, minVersion, maxVersion }]
      apiVersions.response.codec(0).encode(writer, { errorCode: 'UNSUPPORTED_VERSION', apiKeys })
    } else {
      const answer = await this.#handlers.get(api.key)?.(request as never, asked)
      if (answer === HANG_UP || answer === undefined) return connection.destroy()
      if (answer === SILENCE) return
      api.response.codec(version).encode(writer, answer)
    }
    connection.write(frameOf(writer.chunks()))
  }

  #offered() {
    return [...this.#handlers.keys()].map(apiKey => {
      const [minVersion, maxVersion] = this.versions.get(apiKey) ?? apiOfKey(apiKey)!.versions
      return { apiKey, minVersion, maxVersion }
    })
  }
}

const MISSING = { name: '', topicId: undefined, errorCode: 'UNKNOWN_TOPIC_OR_PARTITION', partitions: [] } as const
