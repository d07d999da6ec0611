import type { Metadata, TopicMetadata } from '@logwerk/client'
import { BoundedQueue, type MutableHeaders } from '@logwerk/runtime'
import type { SerdeContext } from '@logwerk/serde'
import type { PartitionQueue } from './partition-queue.ts'
import type { DeliveryCallback, ProducerRecord } from './record.ts'

/** A record that waits for its topic, for room, or behind one whose serializer takes its time. */
export interface PendingRecord<K, V> {
  readonly record: ProducerRecord<K, V>
  readonly callback: DeliveryCallback | null
  /** Monotonic time after which it fails. */
  readonly deadlineMs: number
}

interface ReusableContext extends SerdeContext {
  headers: MutableHeaders
}

/** What the producer keeps of one topic it writes to. */
export class TopicState<K, V> {
  readonly name: string
  /** The topic's queues, by partition. */
  readonly queues: (PartitionQueue | undefined)[]
  readonly #metadata: Metadata
  /** The topic as it was at `#knownVersion` of the metadata. */
  #known: TopicMetadata | undefined
  #knownVersion = -1
  /** Records that wait, in order. */
  readonly backlog: BoundedQueue<PendingRecord<K, V>>
  /** Monotonic time at which it was last found out whether partitions were added. */
  grownCheckedMs = Number.NEGATIVE_INFINITY
  /** Nothing was sent to it since this was set to false. */
  used = true
  /** True while somebody works the backlog off: records then queue up behind it. */
  working = false
  /** The record whose serializer has not answered yet: a close does not wait for it for ever. */
  serializing: { readonly callback: DeliveryCallback | null; readonly partition: number } | null = null
  /** Records that ever had to wait, and those of them that wait no longer. */
  waitedCount = 0
  settledCount = 0
  /** Handed to serializers. One object a topic and side, because a record is never serialized before the one in front of it is done. */
  readonly keyContext: ReusableContext
  readonly valueContext: ReusableContext

  constructor(name: string, metadata: Metadata, queues: (PartitionQueue | undefined)[], maxPendingRecords: number) {
    this.name = name
    this.#metadata = metadata
    this.queues = queues
    this.backlog = new BoundedQueue(maxPendingRecords)
    this.keyContext = { topic: name, isKey: true, headers: [] }
    this.valueContext = { topic: name, isKey: false, headers: this.keyContext.headers }
  }

  /** The topic, if it is known and has partitions. */
  get known(): TopicMetadata | undefined {
    const { version } = this.#metadata
    if (this.#knownVersion !== version) {
      const topic = this.#metadata.topic(this.name)
      this.#known = topic !== undefined && topic.partitions.length > 0 ? topic : undefined
      this.#knownVersion = version
    }
    return this.#known
  }

  /** Nothing of it is under way. */
  get isIdle(): boolean {
    return !this.working && this.backlog.size === 0 && !this.queues.some(queue => queue?.isIdle === false)
  }
}
