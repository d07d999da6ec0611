import { type ClassicGroup, decodeGroupRecord, type EncodedGroupRecord, GroupLoader, groupPartition } from '@logwerk/coordinator'
import { batchesOf, type CompressionCodecs, RECORDS_AT, RecordBatchBuilder, RecordBatchView, UNSTAMPED } from '@logwerk/protocol'
import { KafkaError, messageOf, NO_HEADERS, sleep, type World } from '@logwerk/runtime'
import type { Log } from '@logwerk/storage'
import type { Topics } from '../topics.ts'

export const OFFSETS_TOPIC = '__consumer_offsets'

/** As Kafka configures it (`GroupCoordinatorService.groupMetadataTopicConfigs`). */
const CONFIGS: ReadonlyMap<string, string> = new Map([
  ['cleanup.policy', 'compact'],
  ['compression.type', 'producer'],
  ['segment.bytes', '104857600'],
])

const READ_BYTES = 1 << 20
const BATCH_ROOM_BYTES = 512

/** The internal topic that groups and their offsets are stored in. Created when it is first needed. */
export class OffsetsTopic {
  readonly #world: World
  readonly #topics: Topics
  readonly #codecs: CompressionCodecs
  readonly #newPartitionCount: number
  #creating: Promise<void> | null = null

  /** @param newPartitionCount  Of a topic that is created now; one that exists keeps its own. */
  constructor(world: World, topics: Topics, codecs: CompressionCodecs, newPartitionCount: number) {
    this.#world = world
    this.#topics = topics
    this.#codecs = codecs
    this.#newPartitionCount = newPartitionCount
  }

  /** Resolves when the topic is there. @throws KafkaError as `Topics.create` does. */
  async ensure(): Promise<void> {
    if (this.#topics.get(OFFSETS_TOPIC) !== undefined) return
    this.#creating ??= this.#create()
    await this.#creating
  }

  /**
   * Appends records of one group as one batch, all or none; they are durable when it resolves. A group's records all go to the partition
   * that its id says.
   *
   * @throws KafkaError as `Log.append` and `Topics.create` do.
   */
  async append(groupId: string, records: readonly EncodedGroupRecord[]): Promise<void> {
    await this.ensure()
    const { log } = this.#topics.partition(OFFSETS_TOPIC, groupPartition(groupId, this.#topics.partitionsOf(OFFSETS_TOPIC).length))!
    const builder = new RecordBatchBuilder(Buffer.allocUnsafeSlow(RECORDS_AT + BATCH_ROOM_BYTES))
    const nowMs = this.#world.clock.nowMs()
    for (const { key, value } of records) builder.append(nowMs, key, value, NO_HEADERS)
    await log.append({
      view: new RecordBatchView(builder.finish(UNSTAMPED)),
      recordCount: records.length,
      lastOffsetDelta: records.length - 1,
      maxTimestamp: nowMs,
      compressionType: 'none',
    })
  }

  /**
   * The groups that all records add up to.
   *
   * @throws KafkaError `CORRUPT_LOG` for a record of a kind that is known and that cannot be understood.
   */
  async load(): Promise<ClassicGroup[]> {
    const loader = new GroupLoader()
    const skipped = { otherProtocols: 0, transactional: 0 }
    for (const { log } of this.#topics.partitionsOf(OFFSETS_TOPIC)) await this.#replay(log, loader, skipped)
    if (skipped.otherProtocols > 0 || skipped.transactional > 0) {
      this.#world.log.warn('records of groups were skipped: this version knows neither their group protocol nor transactions', skipped)
    }
    return loader.groups(this.#world.clock.nowMs())
  }

  async #replay(log: Log, loader: GroupLoader, skipped: { otherProtocols: number; transactional: number }): Promise<void> {
    for (let offset = log.logStartOffset; offset < log.logEndOffset; ) {
      const bytes = log.read(offset, { maxBytes: READ_BYTES, minOneBatch: true, limitOffset: log.logEndOffset })
      for (const batch of batchesOf(bytes)) {
        offset = batch.nextOffset
        if (batch.isControl) continue
        if (batch.isTransactional) {
          skipped.transactional += batch.recordCount
          continue
        }
        for (const { key, value, offset: at } of batch.records(batch.payload(this.#codecs))) {
          if (key === null) continue
          const record = decoded(log, at, key, value)
          if (record.type === 'OTHER') skipped.otherProtocols++
          else loader.apply(record)
        }
      }
      // A process that embeds the broker has other work to do while a long log is read.
      await sleep(this.#world.clock, 0)
    }
  }

  async #create(): Promise<void> {
    try {
      await this.#topics.create({ name: OFFSETS_TOPIC, partitionCount: this.#newPartitionCount, configs: CONFIGS })
    } catch (error) {
      if (!(error instanceof KafkaError && error.code === 'TOPIC_ALREADY_EXISTS')) throw error
    } finally {
      this.#creating = null
    }
  }
}

function decoded(log: Log, offset: number, key: Uint8Array, value: Uint8Array | null) {
  try {
    return decodeGroupRecord(key, value)
  } catch (error) {
    throw new KafkaError(
      'CORRUPT_LOG',
      `${log.directory}: the record at offset ${offset} cannot be understood (${messageOf(error)}); was it written by a later version?`,
      { at: { path: log.directory, offset }, cause: error },
    )
  }
}
