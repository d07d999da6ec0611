import type { Assignor } from '@logwerk/assignor'
import type { KafkaClient } from '@logwerk/client'
import { createCodecs } from '@logwerk/compression'
import { listOffsetsTimestamps } from '@logwerk/protocol'
import { KafkaError, messageOf } from '@logwerk/runtime'
import { Asking } from './asking.ts'
import { Assignment } from './assignment.ts'
import { CommitQueue } from './commit-queue.ts'
import type { Consumer, RebalanceListener, WaitOptions } from './consumer-api.ts'
import { type ConsumerConfig, parseResetPolicy } from './consumer-config.ts'
import { ConsumerEnd } from './consumer-end.ts'
import type { ConsumerBatch, ConsumerRecord } from './consumer-record.ts'
import { FetchBuffer } from './fetch-buffer.ts'
import type { RecordFormat } from './fetched-record.ts'
import { Fetcher } from './fetcher.ts'
import { GroupCoordinator } from './group-coordinator.ts'
import { GroupMembership } from './group-membership.ts'
import { Hand } from './hand.ts'
import { OffsetCommitter } from './offset-committer.ts'
import { type OffsetAndTimestamp, OffsetLookup } from './offset-lookup.ts'
import { PendingErrors } from './pending-errors.ts'
import { PollGate } from './poll-gate.ts'
import { Positions } from './positions.ts'
import { RecordReader } from './record-reader.ts'
import { Seeking } from './seeking.ts'
import { SubscriptionState } from './subscription-state.ts'
import { checkOffset, checkPartitions, type TopicPartition, type TopicPartitionOffset } from './topic-partition.ts'

/** Java's default for a close. */
const CLOSE_TIMEOUT_MS = 30_000

/** What `createConsumer` makes: the parts put together. */
export class LogwerkConsumer<K, V> implements Consumer<K, V> {
  readonly #client: KafkaClient
  readonly #subscription = new SubscriptionState()
  readonly #assignment: Assignment
  readonly #asking: Asking
  readonly #reader: RecordReader<K, V>
  readonly #fetcher: Fetcher<K, V>
  readonly #positions: Positions
  readonly #seeking: Seeking
  readonly #lookup: OffsetLookup
  readonly #committer: OffsetCommitter | null
  readonly #commits: CommitQueue | null
  readonly #end = new ConsumerEnd()
  #closing: Promise<void> | null = null

  constructor(client: KafkaClient, config: ConsumerConfig, format: RecordFormat<K, V>, assignors: readonly Assignor[]) {
    const { world } = client
    const subscription = this.#subscription
    const end = this.#end
    const gate = new PollGate()
    const hand = new Hand()
    const errors = new PendingErrors(() => {
      this.#asking.wake()
      this.#seeking.wake()
    })
    const tell = (error: KafkaError) => errors.tell(error)
    const codecs = createCodecs(world)
    const buffer = new FetchBuffer<K, V>({ format, codecs, checkCrcs: config.checkCrcs, onRoom: () => this.#fetcher.wake() })
    this.#client = client

    const coordinator = config.groupId === null ? null : new GroupCoordinator(client, config.groupId)
    this.#committer = coordinator === null ? null : new OffsetCommitter(client, coordinator, config.defaultApiTimeoutMs)
    this.#commits =
      this.#committer === null
        ? null
        : new CommitQueue(world, {
            config,
            committer: this.#committer,
            subscription,
            member: () => this.#assignment.committingMember(),
          })
    this.#lookup = new OffsetLookup(client, config)
    this.#positions = new Positions(client, subscription, {
      config,
      lookup: this.#lookup,
      resetPolicy: parseResetPolicy(config.autoOffsetReset),
      committed: this.#committer,
      isAskedFor: () => this.#asking.isUnderWay || this.#seeking.isAwaited,
      onError: tell,
      onReady: () => {
        this.#seeking.wake()
        this.#fetcher.wake()
      },
    })
    this.#seeking = new Seeking(world, {
      config,
      subscription,
      positions: this.#positions,
      lookup: this.#lookup,
      errors,
      end,
      onSeek: () => this.#fetcher.wake(),
    })
    this.#fetcher = new Fetcher(client, subscription, buffer, {
      config,
      onArrival: () => this.#asking.wake(),
      onError: tell,
      onPositionsNeeded: () => this.#positions.settle(),
    })
    const membership =
      coordinator === null
        ? null
        : new GroupMembership(client, coordinator, {
            config,
            assignors,
            gate,
            owned: () => subscription.list(),
            onRevoked: partitions => this.#assignment.revoke(partitions, true),
            onLost: partitions => this.#assignment.revoke(partitions, false),
            onAssigned: partitions => this.#assignment.receive(partitions),
            onTrouble: tell,
            onFatal: error => {
              errors.setLast(error)
              this.#asking.wake()
            },
            lastPollMs: () => this.#asking.lastPollMs(),
          })
    this.#assignment = new Assignment(client, {
      config,
      subscription,
      membership,
      commits: this.#commits,
      positions: this.#positions,
      gate,
      hand,
      errors,
      end,
      onDropped: () => {
        buffer.prune()
        this.#seeking.wake()
      },
    })
    this.#asking = new Asking(world, {
      gate,
      hand,
      errors,
      end,
      ready: () => codecs.ready(),
      onBegin: () => membership?.onPoll(),
      onTaken: () => this.#fetcher.wake(),
      hasRecords: () => buffer.peek(1).length > 0,
    })
    this.#reader = new RecordReader({
      asking: this.#asking,
      buffer,
      hand,
      errors,
      maxPollRecords: config.maxPollRecords,
      decodesLater: format.key.isAsync === true || format.value.isAsync === true,
    })
    client.onMetadata(() => {
      membership?.onMetadata()
      this.#fetcher.wake()
    })
  }

  // ---------------------------------------------------------------------------------------------- what is read

  subscribe(topics: readonly string[], listener: RebalanceListener = {}): Promise<void> {
    return this.#assignment.subscribe(topics, listener)
  }

  assign(partitions: readonly TopicPartition[]): void {
    this.#assignment.assign(partitions)
  }

  unsubscribe(options: WaitOptions = {}): Promise<void> {
    return this.#assignment.unsubscribe(options)
  }

  subscription(): string[] {
    return [...this.#assignment.topics]
  }

  assignment(): TopicPartition[] {
    return this.#subscription.list()
  }

  // ---------------------------------------------------------------------------------------------- the records

  async poll({
    timeoutMs,
    signal,
  }: {
    readonly timeoutMs: number
    readonly signal?: AbortSignal | undefined
  }): Promise<ConsumerRecord<K, V>[]> {
    this.#end.ensureOpen()
    return await this.#reader.poll(timeoutMs, signal)
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<ConsumerRecord<K, V>> {
    return this.records()
  }

  records({ signal }: { readonly signal?: AbortSignal | undefined } = {}): AsyncIterableIterator<ConsumerRecord<K, V>> {
    return this.#reader.records(signal)
  }

  batches({ signal }: { readonly signal?: AbortSignal | undefined } = {}): AsyncIterableIterator<ConsumerBatch<K, V>> {
    return this.#reader.batches(signal)
  }

  pause(partitions: readonly TopicPartition[]): void {
    for (const partition of partitions) this.#subscription.assigned(partition).paused = true
  }

  resume(partitions: readonly TopicPartition[]): void {
    for (const partition of partitions) this.#subscription.assigned(partition).paused = false
    this.#asking.wake()
    this.#fetcher.wake()
  }

  paused(): TopicPartition[] {
    return [...this.#subscription.all].filter(state => state.paused).map(({ topic, partition }) => ({ topic, partition }))
  }

  // ---------------------------------------------------------------------------------------------- offsets

  async commit(what?: ConsumerRecord<K, V> | readonly TopicPartitionOffset[], options: WaitOptions = {}): Promise<void> {
    this.#end.ensureOpen()
    const offsets =
      what === undefined
        ? this.#subscription.positions()
        : Array.isArray(what)
          ? (what as readonly TopicPartitionOffset[])
          : [behind(what as ConsumerRecord<K, V>)]
    checkPartitions(offsets)
    for (const place of offsets) checkOffset(place, place.offset)
    if (this.#commits === null) throw new KafkaError('ILLEGAL_STATE', 'there is no group to commit to: give createConsumer a "groupId"')
    await this.#commits.commit(offsets, options)
  }

  async committed(partitions: readonly TopicPartition[], options: WaitOptions = {}): Promise<TopicPartitionOffset[]> {
    this.#end.ensureOpen()
    checkPartitions(partitions)
    options.signal?.throwIfAborted()
    if (this.#committer === null)
      throw new KafkaError('ILLEGAL_STATE', 'there is no group whose commits could be read: give createConsumer a "groupId"')
    return [...(await this.#committer.fetch(partitions, options)).values()]
  }

  position(partition: TopicPartition, options: WaitOptions = {}): Promise<number> {
    return this.#seeking.position(partition, options)
  }

  seek(partition: TopicPartition, offset: number): void {
    this.#seeking.seek(partition, offset)
  }

  seekToBeginning(partitions: readonly TopicPartition[] = this.assignment(), options: WaitOptions = {}): Promise<void> {
    return this.#seeking.seekToTime(partitions, listOffsetsTimestamps.EARLIEST, options)
  }

  seekToEnd(partitions: readonly TopicPartition[] = this.assignment(), options: WaitOptions = {}): Promise<void> {
    return this.#seeking.seekToTime(partitions, listOffsetsTimestamps.LATEST, options)
  }

  async offsetsForTimes(
    times: readonly (TopicPartition & { readonly timestamp: number })[],
    options: WaitOptions = {},
  ): Promise<(TopicPartition & OffsetAndTimestamp)[]> {
    this.#end.ensureOpen()
    return await this.#lookup.forTimes(times, options)
  }

  async beginningOffsets(partitions: readonly TopicPartition[], options: WaitOptions = {}): Promise<TopicPartitionOffset[]> {
    this.#end.ensureOpen()
    return await this.#lookup.ends(partitions, listOffsetsTimestamps.EARLIEST, options)
  }

  async endOffsets(partitions: readonly TopicPartition[], options: WaitOptions = {}): Promise<TopicPartitionOffset[]> {
    this.#end.ensureOpen()
    return await this.#lookup.ends(partitions, listOffsetsTimestamps.LATEST, options)
  }

  currentLag(partition: TopicPartition): number | null {
    const { position, visibleEnd } = this.#subscription.assigned(partition)
    return position === null || visibleEnd < 0 ? null : Math.max(visibleEnd - position.offset, 0)
  }

  // ---------------------------------------------------------------------------------------------- the end

  close(options: { readonly timeoutMs?: number | undefined } = {}): Promise<void> {
    const { timeoutMs = CLOSE_TIMEOUT_MS } = options
    // A miscalculated limit must not be taken for 0, which says goodbye to nobody.
    if (typeof timeoutMs !== 'number' || !(timeoutMs >= 0))
      return Promise.reject(new TypeError(`close: timeoutMs is a number of milliseconds, 0 or more, not ${timeoutMs}`))
    this.#closing ??= this.#close(timeoutMs)
    return this.#closing
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #close(timeoutMs: number): Promise<void> {
    const { clock, log } = this.#client.world
    this.#end.begin()
    const farewell = this.#assignment.close()
    this.#asking.wake()
    await new Promise<void>(resolve => {
      const timer = clock.setTimer(timeoutMs, resolve)
      farewell
        .catch(error => log.warn('the consumer could not say goodbye', { error: messageOf(error) }))
        .finally(() => {
          timer.cancel()
          resolve()
        })
    })
    this.#commits?.close()
    this.#fetcher.close()
    this.#positions.close()
    this.#client.close()
    this.#end.reach()
    this.#asking.wake()
    this.#seeking.wake()
  }
}

/** The place behind a record: where reading goes on once it is processed. */
function behind({ topic, partition, offset, leaderEpoch }: ConsumerRecord<unknown, unknown>): TopicPartitionOffset {
  return { topic, partition, offset: offset + 1, leaderEpoch }
}
