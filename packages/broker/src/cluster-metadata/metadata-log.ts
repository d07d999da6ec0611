import { batchesOf, type CompressionCodecs, RECORDS_AT, RecordBatchBuilder, RecordBatchView, UNSTAMPED } from '@logwerk/protocol'
import { KafkaError, messageOf, NO_HEADERS, type World } from '@logwerk/runtime'
import type { Log } from '@logwerk/storage'
import { MetadataImage } from './metadata-image.ts'
import { decodeMetadataRecord, encodeMetadataRecord, type MetadataRecordInput } from './metadata-record.ts'

export const CLUSTER_METADATA_TOPIC = '__cluster_metadata'
/** The id that Kafka gives this topic. */
export const CLUSTER_METADATA_TOPIC_ID = 'AAAAAAAAAAAAAAAAAAAAAQ'

const READ_BYTES = 1 << 20

/**
 * Topics, configs and producer-id blocks, as records in a log of their own: what is answered has been appended first, and the same
 * records give the same image at the next start.
 */
export class MetadataLog {
  readonly image = new MetadataImage()
  readonly #log: Log
  readonly #world: World

  /** @throws KafkaError `CORRUPT_LOG` if a record cannot be understood. */
  constructor(world: World, log: Log, codecs: CompressionCodecs) {
    this.#world = world
    this.#log = log
    this.#replay(codecs)
  }

  /** True once the disk has failed to sync: whether the last records are stored is known after the next start. */
  get isInDoubt(): boolean {
    return this.#log.fence !== null
  }

  /**
   * Appends `records` as one batch, all or none, and takes them into the image when they are durable.
   *
   * @param onApplied  Runs in the same turn in which the image changes, for what has to change with it.
   * @throws KafkaError `KAFKA_STORAGE_ERROR`; nothing has changed then, but see {@link isInDoubt}.
   */
  async append(records: readonly MetadataRecordInput[], onApplied?: () => void): Promise<void> {
    if (records.length === 0) return
    const values = records.map(encodeMetadataRecord)
    const builder = new RecordBatchBuilder(Buffer.allocUnsafeSlow(RECORDS_AT + 256))
    const nowMs = this.#world.clock.nowMs()
    for (const value of values) builder.append(nowMs, null, value, NO_HEADERS)
    const view = new RecordBatchView(builder.finish(UNSTAMPED))
    await this.#log.append({
      view,
      recordCount: records.length,
      lastOffsetDelta: records.length - 1,
      maxTimestamp: nowMs,
      compressionType: 'none',
    })
    for (const value of values) this.image.apply(decodeMetadataRecord(value))
    onApplied?.()
  }

  #replay(codecs: CompressionCodecs): void {
    const log = this.#log
    // Half of the records would be topics that are gone.
    if (log.fence !== null) throw log.fence
    for (let offset = log.logStartOffset; offset < log.logEndOffset; ) {
      const bytes = log.read(offset, { maxBytes: READ_BYTES, minOneBatch: true, limitOffset: log.logEndOffset })
      if (bytes.length === 0) throw this.#corrupt(offset, 'there is no batch')
      for (const batch of batchesOf(bytes)) {
        // Nothing is ever taken out of this log, so there are no gaps.
        if (batch.baseOffset !== offset || !batch.isCrcValid()) throw this.#corrupt(offset, 'the batch is damaged')
        offset = batch.nextOffset
        this.#applyAll(batch, codecs)
      }
    }
  }

  #applyAll(batch: RecordBatchView, codecs: CompressionCodecs): void {
    // Control batches are those of KRaft's elections.
    if (batch.isControl) return
    for (const record of batch.records(batch.payload(codecs))) {
      if (record.value === null) continue
      try {
        this.image.apply(decodeMetadataRecord(record.value))
      } catch (error) {
        throw this.#corrupt(
          record.offset,
          `the record cannot be understood (${messageOf(error)}); was it written by a later version?`,
          error,
        )
      }
    }
  }

  #corrupt(offset: number, why: string, cause?: unknown): KafkaError {
    const { directory } = this.#log
    return new KafkaError('CORRUPT_LOG', `${directory}: at offset ${offset} ${why}; restore the data directory from a backup`, {
      at: { path: directory, offset },
      cause,
    })
  }
}
