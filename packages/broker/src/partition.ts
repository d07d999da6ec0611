import {
  type BatchRefusal,
  type CheckedRecordBatch,
  type CompressionCodecs,
  type CompressionType,
  checkBatch,
  recompressBatch,
} from '@logwerk/protocol'
import { type BrokerErrorCode, brokerError, isBrokerErrorCode, KafkaError, type Uuid, type World } from '@logwerk/runtime'
import type { AppendResult, Log, LogConfig } from '@logwerk/storage'
import type { TopicConfigs } from './topic-config.ts'

/** A Node buffer cannot hold more, whatever the topic allows. */
const MAX_BUFFER_BYTES = 1 << 30

/** The outcome of a produce to one partition. */
export type ProduceOutcome = { readonly ok: true; readonly result: AppendResult } | ({ readonly ok: false } & BatchRefusal)

/** One partition as the broker serves it: its log, and the rules of its topic. */
export class Partition {
  readonly topic: string
  readonly topicId: Uuid
  readonly index: number
  readonly log: Log
  readonly #world: World
  readonly #codecs: CompressionCodecs
  readonly #maxDecompressedBytes: number
  #configs: TopicConfigs
  #onGone = new Set<() => void>()
  #gone = false
  #writeRefusal: KafkaError | null = null
  /** The last records were refused because of the disk. */
  #isRefusing = false

  constructor(
    world: World,
    codecs: CompressionCodecs,
    identity: { topic: string; topicId: Uuid; index: number; maxDecompressedBytes: number },
    log: Log,
    configs: TopicConfigs,
  ) {
    this.#world = world
    this.#codecs = codecs
    this.topic = identity.topic
    this.topicId = identity.topicId
    this.index = identity.index
    this.#maxDecompressedBytes = Math.min(identity.maxDecompressedBytes, MAX_BUFFER_BYTES)
    this.log = log
    this.#configs = configs
  }

  /** True once the topic was deleted. */
  get isGone(): boolean {
    return this.#gone
  }

  configure(configs: TopicConfigs): void {
    this.#configs = configs
    this.log.configure(logConfigOf(configs, this.log.config))
  }

  /** Checks what a producer sent as Kafka does, and appends it. Storage errors come out as refusals too; nothing throws. */
  async produce(bytes: Buffer): Promise<ProduceOutcome> {
    if (this.#writeRefusal !== null) return refusalOf(this.#writeRefusal)
    const configs = this.#configs
    const nowMs = this.#world.clock.nowMs()
    const check = checkBatch(
      bytes,
      {
        codecs: this.#codecs,
        maxBatchBytes: configs.number('max.message.bytes'),
        maxDecompressedBytes: Math.min(configs.number('max.decompressed.message.bytes'), this.#maxDecompressedBytes),
        timestampType: configs.text('message.timestamp.type') === 'LogAppendTime' ? 'LogAppendTime' : 'CreateTime',
        timestampBeforeMaxMs: configs.number('message.timestamp.before.max.ms'),
        timestampAfterMaxMs: configs.number('message.timestamp.after.max.ms'),
        requiresKey: configs.isCompacted(),
      },
      nowMs,
    )
    if (!check.ok) return check
    try {
      const result = await this.log.append(this.#asStored(check.batch))
      this.#isRefusing = false
      return { ok: true, result }
    } catch (error) {
      if (!(error instanceof KafkaError)) throw error
      // A log that was closed because its topic is gone refuses too, and nothing is wrong with the disk.
      if (!this.#gone && brokerCodeOf(error) === 'KAFKA_STORAGE_ERROR') this.#tellRefusal(error)
      return refusalOf(error)
    }
  }

  /** Producers try again quietly, for two minutes by default: whoever runs the broker should know at once. Once, until writing goes on. */
  #tellRefusal(error: KafkaError): void {
    if (this.#isRefusing) return
    this.#isRefusing = true
    this.#world.log.error('records are refused: the disk does not take them', {
      topic: this.topic,
      partition: this.index,
      error: error.message,
    })
  }

  /** From now on what is produced is answered with `error`; reading goes on. */
  refuseWrites(error: KafkaError): void {
    this.#writeRefusal = error
  }

  /** `listener` runs when the topic is deleted; returns how to stop that. */
  onGone(listener: () => void): () => void {
    this.#onGone.add(listener)
    return () => this.#onGone.delete(listener)
  }

  /** The topic was deleted: whoever waits for records here learns it now. */
  retire(): void {
    this.#gone = true
    for (const listener of [...this.#onGone]) listener()
    this.#onGone.clear()
  }

  /** Applies the topic's `compression.type`, and its size limit once more to what came out. */
  #asStored(batch: CheckedRecordBatch): CheckedRecordBatch {
    const wanted = this.#configs.text('compression.type')
    if (wanted === 'producer') return batch
    const type: CompressionType = wanted === 'uncompressed' ? 'none' : (wanted as CompressionType)
    if (type === batch.compressionType) return batch
    const level = type === 'gzip' || type === 'lz4' || type === 'zstd' ? this.#configs.number(`compression.${type}.level`) : undefined
    const stored = recompressBatch(batch, type, this.#codecs, level)
    const limit = this.#configs.number('max.message.bytes')
    if (stored.view.sizeBytes > limit) {
      throw brokerError(
        'MESSAGE_TOO_LARGE',
        { topic: this.topic, partition: this.index },
        `compressed as ${type} the batch has ${stored.view.sizeBytes} bytes and the topic's max.message.bytes is ${limit}`,
      )
    }
    return stored
  }
}

function refusalOf(error: KafkaError): ProduceOutcome {
  return { ok: false, errorCode: brokerCodeOf(error), errorMessage: error.message, recordErrors: [] }
}

/** The part of a topic's configs that its logs act on. */
export function logConfigOf(configs: TopicConfigs, base: LogConfig): LogConfig {
  return {
    ...base,
    segmentBytes: configs.number('segment.bytes'),
    segmentMs: configs.number('segment.ms'),
    indexIntervalBytes: configs.number('index.interval.bytes'),
    segmentIndexBytes: configs.number('segment.index.bytes'),
  }
}

/** The code to answer for an error from below: Kafka's own where it is one, its storage error for a disk's. */
export function brokerCodeOf(error: unknown): BrokerErrorCode {
  if (!(error instanceof KafkaError)) return 'UNKNOWN_SERVER_ERROR'
  if (isBrokerErrorCode(error.code)) return error.code
  return error.code === 'STORAGE_ERROR' || error.code === 'CORRUPT_LOG' ? 'KAFKA_STORAGE_ERROR' : 'UNKNOWN_SERVER_ERROR'
}
