import type { KafkaClient } from '@logwerk/client'
import type { Clock, Timer } from '@logwerk/runtime'
import type { ProducerConfig } from './producer-config.ts'
import type { RecordAccumulator } from './record-accumulator.ts'
import { TopicState } from './topic-state.ts'

/** The topics that are written to. As long as they are, the client keeps asking the brokers for them. */
export class Topics<K, V> {
  readonly #client: KafkaClient
  readonly #clock: Clock
  readonly #config: ProducerConfig
  readonly #accumulator: RecordAccumulator
  readonly #onForget: (topic: string) => void
  readonly #states = new Map<string, TopicState<K, V>>()
  /** Most records go where the one before went. */
  #last: TopicState<K, V> | null = null
  #idleTimer: Timer | null = null

  /** @param onForget  Hears the name of a topic that is written to no longer. */
  constructor(client: KafkaClient, config: ProducerConfig, accumulator: RecordAccumulator, onForget: (topic: string) => void) {
    this.#client = client
    this.#clock = client.world.clock
    this.#config = config
    this.#accumulator = accumulator
    this.#onForget = onForget
  }

  /** The state of a topic that somebody is about to use. */
  use(name: string): TopicState<K, V> {
    const last = this.#last
    const state = last !== null && last.name === name ? last : this.#find(name)
    state.used = true
    return state
  }

  /** Nobody asks for the topic any more: the next record finds out anew. Its queues stay, for they know the sequences. */
  forget(state: TopicState<K, V>): void {
    this.#states.delete(state.name)
    if (this.#last === state) this.#last = null
    this.#onForget(state.name)
    this.#client.removeInterest(state.name)
  }

  [Symbol.iterator](): IterableIterator<TopicState<K, V>> {
    return this.#states.values()
  }

  close(): void {
    this.#idleTimer?.cancel()
  }

  #find(name: string): TopicState<K, V> {
    let state = this.#states.get(name)
    if (state === undefined) {
      const { metadata } = this.#client
      state = new TopicState(name, metadata, this.#accumulator.queuesOf(name), this.#config.maxPendingRecords)
      this.#states.set(name, state)
      this.#client.addInterest([name])
      if (this.#idleTimer === null) this.#watchIdle()
    }
    this.#last = state
    return state
  }

  /** A metadata request may create a topic, and one that was deleted long after its last record must not come back by itself. */
  #watchIdle(): void {
    this.#idleTimer = this.#clock.setTimer(
      this.#config.metadataMaxIdleMs,
      () => {
        this.#idleTimer = null
        for (const state of this.#states.values()) {
          if (!state.used && state.isIdle) this.forget(state)
          state.used = false
        }
        if (this.#states.size > 0) this.#watchIdle()
      },
      { background: true },
    )
  }
}
