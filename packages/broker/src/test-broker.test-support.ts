import { createCodecs } from '@logwerk/compression'
import {
  type Api,
  type BatchStamp,
  batchesOf,
  type CompressionType,
  crc32c,
  createTopics,
  type FetchPartitionResponse,
  fetchApi,
  metadata,
  type ProducePartitionResponse,
  produce,
  RECORDS_AT,
  RecordBatchBuilder,
  UNSTAMPED,
} from '@logwerk/protocol'
import { type Endpoint, type HeadersInput, headersOf, type Uuid } from '@logwerk/runtime'
import { createSimulation, type Simulation } from '@logwerk/runtime/simulated'
import { type Broker, type OpenBrokerOptions, openBroker } from './open-broker.ts'
import { RawClient } from './raw-client.test-support.ts'

/** Where a test broker that listens is found by other machines of the simulation. */
export const TCP: Endpoint = { host: 'localhost', port: 9092 }
export const IN_PROCESS: Endpoint = { host: 'embedded', port: 9092 }

// WebAssembly is compiled by the platform, in real time: once, before any simulation runs.
const codecs = createCodecs({ native: () => null })
await codecs.ready()

export { codecs }

/** A broker in a simulation, with one client that is connected to it in process. Time passes only in the calls of this class. */
export class TestBroker {
  readonly simulation: Simulation
  readonly #options: OpenBrokerOptions
  #broker: Broker
  #client: RawClient

  private constructor(simulation: Simulation, options: OpenBrokerOptions, broker: Broker, client: RawClient) {
    this.simulation = simulation
    this.#options = options
    this.#broker = broker
    this.#client = client
  }

  /** @param options  Those of `openBroker`; in memory unless they name a directory. */
  static async open(options: OpenBrokerOptions = {}, simulation: Simulation = createSimulation({ seed: 1 })): Promise<TestBroker> {
    const { broker, client } = await start(simulation, options)
    return new TestBroker(simulation, options, broker, client)
  }

  get broker(): Broker {
    return this.#broker
  }

  /** The client that `ask` uses. */
  get client(): RawClient {
    return this.#client
  }

  /** Sends a request and runs the simulation until its answer is there. */
  ask<Req, ReqIn, Res, ResIn>(api: Api<Req, ReqIn, Res, ResIn>, version: number, request: ReqIn): Promise<Res> {
    return this.run(this.#client.ask(api, version, request))
  }

  /** Runs the simulation until the promise settles. */
  run<T>(promise: Promise<T>): Promise<T> {
    return this.simulation.runUntil(promise)
  }

  /** One more connection in process. */
  connect(): Promise<RawClient> {
    return this.run(RawClient.connect(this.#broker.network, IN_PROCESS))
  }

  /** A connection over the simulated network, from a machine of its own; the broker has to listen on port 9092. */
  connectFrom(machine: string): Promise<RawClient> {
    return this.run(RawClient.connect(this.simulation.machine(machine).world.network, TCP))
  }

  /** Kill -9 or a power cut, then a new process on the same disk. */
  async restartAfter(end: 'kill' | 'crash'): Promise<void> {
    const machine = this.simulation.machine('localhost')
    if (end === 'kill') machine.kill()
    else machine.crash()
    machine.restart()
    await this.reopen()
  }

  /** Closes the broker and opens it again. */
  async restartCleanly(): Promise<void> {
    await this.run(this.#broker.close())
    await this.reopen()
  }

  /** Opens a broker on what the one that is gone has left. */
  async reopen(): Promise<void> {
    const { broker, client } = await start(this.simulation, this.#options)
    this.#broker = broker
    this.#client = client
  }

  /** Messages logged at `warn` and above, and why connections were closed. */
  get logged(): readonly string[] {
    return this.simulation.log.map(line => line.message)
  }

  // What most tests need before they come to their point.

  /** Creates a topic and returns its id. @throws Error if the broker refuses. */
  async createTopic(name: string, partitionCount = 1, configs: Readonly<Record<string, string>> = {}): Promise<Uuid> {
    const response = await this.ask(createTopics, 7, {
      topics: [
        {
          name,
          numPartitions: partitionCount,
          replicationFactor: -1,
          assignments: [],
          configs: Object.entries(configs).map(([key, value]) => ({ name: key, value })),
        },
      ],
      timeoutMs: 1000,
    })
    const [topic] = response.topics
    if (topic?.errorCode !== 'NONE') throw new Error(`${name}: ${topic?.errorCode} ${topic?.errorMessage}`)
    return topic.topicId
  }

  /** Produces one batch by topic name. */
  async produce(
    topic: string,
    partition: number,
    batch: Uint8Array | null,
    { version = 12, acks = -1 } = {},
  ): Promise<ProducePartitionResponse> {
    const response = await this.ask(produce, version, {
      acks,
      timeoutMs: 1000,
      topicData: [{ name: topic, partitionData: [{ index: partition, records: batch }] }],
    })
    return response.responses[0]!.partitionResponses[0]!
  }

  /** Fetches one partition by topic name, without a session. */
  async fetch(topic: string, partition: number, fetchOffset: number, options: FetchOptions = {}): Promise<FetchPartitionResponse> {
    const {
      maxWaitMs = 0,
      minBytes = 1,
      maxBytes = 1 << 20,
      partitionMaxBytes = 1 << 20,
      isolationLevel = 0,
      currentLeaderEpoch = -1,
    } = options
    const response = await this.ask(fetchApi, 12, {
      maxWaitMs,
      minBytes,
      maxBytes,
      isolationLevel,
      topics: [{ topic, partitions: [{ partition, fetchOffset, partitionMaxBytes, currentLeaderEpoch }] }],
    })
    return response.responses[0]!.partitions[0]!
  }

  /** Values of all records of a partition, as text, with their offsets. */
  async values(topic: string, partition = 0, from = 0): Promise<readonly string[]> {
    const values: string[] = []
    for (let offset = from; ; ) {
      const { records, errorCode } = await this.fetch(topic, partition, offset)
      if (errorCode !== 'NONE') throw new Error(`${topic}-${partition} at ${offset}: ${errorCode}`)
      if (records === null || records.length === 0) return values
      for (const batch of batchesOf(records)) {
        for (const record of batch.records(batch.payload(codecs))) {
          if (record.offset >= offset) values.push(`${record.offset}:${record.value?.toString() ?? null}`)
        }
        offset = batch.nextOffset
      }
    }
  }

  /** What Metadata says of a topic. */
  async describe(name: string) {
    const response = await this.ask(metadata, 12, { topics: [{ name }], allowAutoTopicCreation: false })
    return response.topics[0]!
  }
}

export interface FetchOptions {
  readonly maxWaitMs?: number
  readonly minBytes?: number
  readonly maxBytes?: number
  readonly partitionMaxBytes?: number
  readonly isolationLevel?: number
  readonly currentLeaderEpoch?: number
}

export interface BatchOptions extends Partial<BatchStamp> {
  /** Of every record. Default: the moment at which simulations begin. */
  readonly timestamp?: number
  readonly codec?: CompressionType
}

/** 2026-01-01 00:00 UTC, when simulations begin. */
export const STARTED_MS = 1_767_225_600_000

/** A batch of records with these values, and without keys. */
export function batchOf(values: readonly (string | null)[], options: BatchOptions = {}): Buffer {
  return recordsOf(
    values.map(value => ({ value })),
    options,
  )
}

export interface TestRecord {
  readonly key?: string | null
  readonly value?: string | null
  readonly timestamp?: number
  readonly headers?: HeadersInput
}

/** A batch of these records. */
export function recordsOf(records: readonly TestRecord[], options: BatchOptions = {}): Buffer {
  const { timestamp = STARTED_MS, codec = 'none', ...stamp } = options
  const builder = new RecordBatchBuilder(Buffer.allocUnsafeSlow(RECORDS_AT + 64))
  for (const record of records) {
    builder.append(record.timestamp ?? timestamp, bytesOf(record.key), bytesOf(record.value), headersOf(record.headers))
  }
  return builder.finish({ ...UNSTAMPED, ...stamp }, codec === 'none' ? undefined : codecs.get(codec))
}

const CRC_AT = 17
const FIRST_BYTE_UNDER_CRC = 21

/** Changes bytes of a batch and makes the CRC fit again, as a producer with a bug would send it. */
export function patched(batch: Buffer, change: (bytes: Buffer) => void): Buffer {
  change(batch)
  batch.writeUInt32BE(crc32c(batch, FIRST_BYTE_UNDER_CRC), CRC_AT)
  return batch
}

function bytesOf(text: string | null | undefined): Buffer | null {
  return text === null || text === undefined ? null : Buffer.from(text)
}

async function start(simulation: Simulation, options: OpenBrokerOptions) {
  const broker = await simulation.runUntil(openBroker({ world: simulation.world, ...options }))
  const client = await simulation.runUntil(RawClient.connect(broker.network, IN_PROCESS))
  return { broker, client }
}
