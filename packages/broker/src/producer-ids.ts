import type { MetadataLog } from './cluster-metadata/metadata-log.ts'

/** Producer ids reserved by one record (Kafka's `ProducerIdsBlock.PRODUCER_ID_BLOCK_SIZE`). */
const BLOCK_SIZE = 1000

/**
 * Gives out producer ids. A block is reserved in the metadata log before the first of it is given out, so none is ever given out twice,
 * whatever crashes; ids left over in a block are lost with the process.
 */
export class ProducerIds {
  readonly #metadata: MetadataLog
  readonly #nodeId: number
  #next = 0
  #end = 0
  #reserving: Promise<void> | null = null

  constructor(metadata: MetadataLog, nodeId: number) {
    this.#metadata = metadata
    this.#nodeId = nodeId
  }

  async next(): Promise<number> {
    while (this.#next === this.#end) {
      this.#reserving ??= this.#reserve()
      await this.#reserving
    }
    return this.#next++
  }

  async #reserve(): Promise<void> {
    try {
      const first = this.#metadata.image.nextProducerId
      const end = first + BLOCK_SIZE
      await this.#metadata.append([{ type: 'PRODUCER_IDS', value: { brokerId: this.#nodeId, nextProducerId: end } }])
      this.#next = first
      this.#end = end
    } finally {
      this.#reserving = null
    }
  }
}
