import { type Admin, createAdmin } from '@logwerk/admin'
import { type Broker, type OpenBrokerOptions, openBroker } from '@logwerk/broker'
import { createCodecs } from '@logwerk/compression'
import { type Consumer, type ConsumerOptions, type ConsumerRecord, createConsumer, type TopicPartition } from '@logwerk/consumer'
import { createProducer, type Producer } from '@logwerk/producer'
import { KafkaError, type World } from '@logwerk/runtime'
import { createSimulation, type Machine, type Simulation } from '@logwerk/runtime/simulated'

// WebAssembly is compiled by the platform, in real time: once, before any simulation runs.
await createCodecs({ native: () => null }).ready()

export const START_MS = 1_767_225_600_000
const BOOTSTRAP = ['localhost:9092']

export type Options = Partial<ConsumerOptions<Uint8Array, Uint8Array>>
export type Reader = Consumer<Uint8Array, Uint8Array>
export type Read = ConsumerRecord<Uint8Array, Uint8Array>

/** A broker on the machine `localhost` and clients on machines of their own. Time passes only in `run` and `advance`. */
export class ConsumerWorld {
  readonly simulation: Simulation
  readonly #options: OpenBrokerOptions
  broker: Broker
  readonly admin: Admin
  readonly #producer: Producer<string | Uint8Array, string | Uint8Array>

  private constructor(simulation: Simulation, options: OpenBrokerOptions, broker: Broker) {
    this.simulation = simulation
    this.#options = options
    this.broker = broker
    const { world } = simulation.machine('operator')
    this.admin = createAdmin({ bootstrapServers: BOOTSTRAP, world, clientId: 'operator' })
    this.#producer = createProducer({ bootstrapServers: BOOTSTRAP, world, clientId: 'operator' })
  }

  static async open(options: OpenBrokerOptions = {}, seed = 1): Promise<ConsumerWorld> {
    const simulation = createSimulation({ seed })
    const all = { dataDir: '/data', host: 'localhost', port: 9092, ...options }
    return new ConsumerWorld(simulation, all, await simulation.runUntil(openBroker({ world: simulation.world, ...all })))
  }

  run<T>(promise: Promise<T>, limitMs?: number): Promise<T> {
    return this.simulation.runUntil(promise, limitMs === undefined ? {} : { limitMs })
  }

  until(predicate: () => boolean): Promise<void> {
    return this.simulation.runUntil(predicate)
  }

  advance(durationMs: number): Promise<void> {
    return this.simulation.advance(durationMs)
  }

  get nowMs(): number {
    return this.simulation.clock.monotonicMs()
  }

  /** A consumer on a machine of its own, by default in the group `g`, from the beginning. */
  consumer(machine = 'reader', options: Options = {}): Reader {
    const defaults = options.groupId === null ? {} : { groupId: 'g' }
    return createConsumer({
      bootstrapServers: BOOTSTRAP,
      clientId: machine,
      world: this.simulation.machine(machine).world,
      autoOffsetReset: 'earliest',
      ...defaults,
      ...options,
    })
  }

  async topic(name: string, partitions = 1, configs?: Record<string, string>): Promise<void> {
    await this.run(this.admin.createTopics([{ name, partitions, ...(configs === undefined ? {} : { configs }) }]))
  }

  /** Values `<from>` to `<from + count - 1>` in one partition, a millisecond apart. */
  async produce(topic: string, partition: number, count: number, from = 0): Promise<void> {
    const records = Array.from({ length: count }, (_, index) => ({
      topic,
      partition,
      value: `${from + index}`,
      timestamp: START_MS + from + index,
    }))
    await this.run(this.#producer.sendBatch(records))
  }

  /** `partition:offset` of what the group has committed. */
  async committed(groupId = 'g'): Promise<string[]> {
    const offsets = await this.run(this.admin.listGroupOffsets(groupId))
    return offsets.map(({ partition, offset }) => `${partition}:${offset}`)
  }

  async restart(end: 'kill' | 'crash' | 'clean', downMs = 0, loss: Parameters<Machine['crash']>[0] = {}): Promise<void> {
    const machine = this.simulation.machine('localhost')
    if (end === 'clean') await this.run(this.broker.close())
    else {
      if (end === 'kill') machine.kill()
      else machine.crash(loss)
      await this.advance(downMs)
      machine.restart()
    }
    this.broker = await this.run(openBroker({ world: this.simulation.world, ...this.#options }))
  }

  /** Polls until `count` records are there. */
  take(consumer: Reader, count: number): Promise<Read[]> {
    return this.run(take(consumer, count))
  }

  /** What a promise rejects with, if that is a KafkaError. */
  async refusal(promise: Promise<unknown>): Promise<KafkaError> {
    const error = await this.run(
      promise.then(
        () => null,
        (thrown: unknown) => thrown,
      ),
    )
    if (!(error instanceof KafkaError)) throw new Error(`a KafkaError was expected, not ${error}`)
    return error
  }
}

export async function take(consumer: Reader, count: number): Promise<Read[]> {
  const records: Read[] = []
  while (records.length < count) records.push(...(await consumer.poll({ timeoutMs: 1000 })))
  return records
}

/** Polls on and on, keeping what comes, until the consumer is closed. What it throws is kept too. */
export class Poller {
  readonly records: Read[] = []
  readonly errors: unknown[] = []
  readonly done: Promise<void>
  #going = true

  constructor(consumer: Reader, each: (record: Read) => Promise<void> | void = () => {}) {
    this.done = (async () => {
      while (this.#going) {
        try {
          for (const record of await consumer.poll({ timeoutMs: 1000 })) {
            this.records.push(record)
            await each(record)
          }
        } catch (error) {
          if (error instanceof KafkaError && error.code === 'CLOSED') return
          // A consumer that has failed for good says so at once, each time.
          if (this.errors.push(error) === 3) return
        }
      }
    })()
  }

  stop(): void {
    this.#going = false
  }
}

export function textOf(record: Read): string {
  return record.value === null ? 'null' : Buffer.from(record.value).toString()
}

export function places(records: readonly Read[]): string[] {
  return records.map(({ partition, offset }) => `${partition}:${offset}`)
}

export function range(from: number, to: number, partition = 0): string[] {
  return Array.from({ length: to - from }, (_, index) => `${partition}:${from + index}`)
}

export function partitions(topic: string, ...numbers: number[]): TopicPartition[] {
  return numbers.map(partition => ({ topic, partition }))
}

export function numbersOf(consumer: Reader): number[] {
  return consumer
    .assignment()
    .map(({ partition }) => partition)
    .sort((a, b) => a - b)
}

/** A world whose timers are counted. */
export function withTimerCount(world: World): { readonly world: World; pending(): number } {
  let pending = 0
  const clock = {
    nowMs: () => world.clock.nowMs(),
    monotonicMs: () => world.clock.monotonicMs(),
    soon: (task: () => void) => world.clock.soon(task),
    setTimer: (delayMs: number, task: () => void, options?: { readonly background?: boolean }) => {
      let open = true
      const close = () => {
        if (open) pending--
        open = false
      }
      pending++
      const timer = world.clock.setTimer(
        delayMs,
        () => {
          close()
          task()
        },
        options,
      )
      return {
        cancel: () => {
          close()
          timer.cancel()
        },
      }
    },
  }
  return { world: { ...world, clock }, pending: () => pending }
}
