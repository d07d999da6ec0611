import type { Uuid } from '@logwerk/runtime'
import { metricNameOf, TopicNameIndex } from '../topic-name.ts'
import type { MetadataRecord } from './metadata-record.ts'

/** A topic as the cluster metadata knows it. */
export interface TopicImage {
  readonly name: string
  readonly id: Uuid
  /** In order; their index is their place. */
  readonly partitionCount: number
  /** The topic's own values, not the defaults. */
  readonly configs: ReadonlyMap<string, string>
}

/** What all records of `__cluster_metadata` add up to. Replaying the same records gives the same image. */
export class MetadataImage {
  readonly #byName = new Map<string, { name: string; id: Uuid; partitionCount: number; configs: Map<string, string> }>()
  readonly #nameOfId = new Map<Uuid, string>()
  readonly #metricNames = new TopicNameIndex(metricNameOf)
  readonly #caselessNames = new TopicNameIndex(name => name.toLowerCase())
  #partitionCount = 0
  /** Producer ids below this one may have been given out. */
  nextProducerId = 0

  get topics(): Iterable<TopicImage> {
    return this.#byName.values()
  }

  get topicCount(): number {
    return this.#byName.size
  }

  /** Of all topics. */
  get partitionCount(): number {
    return this.#partitionCount
  }

  topic(name: string): TopicImage | undefined {
    return this.#byName.get(name)
  }

  topicOfId(id: Uuid): TopicImage | undefined {
    const name = this.#nameOfId.get(id)
    return name === undefined ? undefined : this.#byName.get(name)
  }

  /** A topic that has the name `name` in metrics too. */
  sameInMetrics(name: string): string | null {
    return this.#metricNames.twinOf(name)
  }

  /** A topic whose name differs from `name` in upper and lower case only. */
  sameButForCase(name: string): TopicImage | undefined {
    return this.topic(this.#caselessNames.twinOf(name) ?? '')
  }

  /** Takes in one record. Records that this version does not know change nothing. */
  apply(record: MetadataRecord): void {
    switch (record.type) {
      case 'TOPIC':
        this.#byName.set(record.value.name, { name: record.value.name, id: record.value.topicId, partitionCount: 0, configs: new Map() })
        this.#nameOfId.set(record.value.topicId, record.value.name)
        this.#metricNames.add(record.value.name)
        this.#caselessNames.add(record.value.name)
        return
      case 'PARTITION': {
        const topic = this.#mutable(record.value.topicId)
        if (topic === undefined) return
        const count = Math.max(topic.partitionCount, record.value.partitionId + 1)
        this.#partitionCount += count - topic.partitionCount
        topic.partitionCount = count
        return
      }
      case 'CONFIG': {
        const { resourceName, name, value } = record.value
        const topic = this.#byName.get(resourceName)
        if (topic === undefined) return
        if (value === null) topic.configs.delete(name)
        else topic.configs.set(name, value)
        return
      }
      case 'REMOVE_TOPIC': {
        const name = this.#nameOfId.get(record.value.topicId)
        if (name === undefined) return
        this.#partitionCount -= this.#byName.get(name)?.partitionCount ?? 0
        this.#byName.delete(name)
        this.#nameOfId.delete(record.value.topicId)
        this.#metricNames.delete(name)
        this.#caselessNames.delete(name)
        return
      }
      case 'PRODUCER_IDS':
        this.nextProducerId = Math.max(this.nextProducerId, record.value.nextProducerId)
        return
      case 'OTHER':
        return
    }
  }

  #mutable(id: Uuid) {
    const name = this.#nameOfId.get(id)
    return name === undefined ? undefined : this.#byName.get(name)
  }
}
