import type { Assignor } from '@logwerk/assignor'
import type { KafkaClient } from '@logwerk/client'
import { type Codecs, createCodecs } from '@logwerk/compression'
import { listOffsetsTimestamps } from '@logwerk/protocol'
import { KafkaError, messageOf, TimeoutError, type Timer, type World, withTimeout } from '@logwerk/runtime'
import { CommitQueue } from './commit-queue.ts'
import type { Consumer, RebalanceListener, WaitOptions } from './consumer-api.ts'
import { type ConsumerConfig, parseResetPolicy } from './consumer-config.ts'
import type { ConsumerBatch, ConsumerRecord, RecordFormat } from './consumer-record.ts'
import { FetchBuffer } from './fetch-buffer.ts'
import { Fetcher } from './fetcher.ts'
import { GroupCoordinator } from './group-coordinator.ts'
import { GroupMembership } from './group-membership.ts'
import { type MemberIdentity, NO_MEMBER, OffsetCommitter } from './offset-committer.ts'
import { type OffsetAndTimestamp, OffsetLookup } from './offset-lookup.ts'
import { PollGate } from './poll-gate.ts'
import { Positions } from './positions.ts'
import { type PartitionState, SubscriptionState } from './subscription-state.ts'
import { formatPartition, type TopicPartition, type TopicPartitionOffset } from './topic-partition.ts'
import { Turns } from './turns.ts'

/** Records that the user holds: finished when they ask for more. */
interface InHand {
  state: PartitionState
  jumps: number
  offset: number
  epoch: number
}

const NO_HAND: readonly InHand[] = []

/** What `createConsumer` makes: the parts put together, and the user's loop between them. */
export class LogwerkConsumer<K, V> implements Consumer<K, V> {
  readonly #client: KafkaClient
  readonly #world: World
  readonly #config: ConsumerConfig
  readonly #codecs: Codecs
  readonly #subscription = new SubscriptionState()
  readonly #gate = new PollGate()
  readonly #turns: Turns
  readonly #buffer: FetchBuffer<K, V>
  readonly #fetcher: Fetcher<K, V>
  readonly #positions: Positions
  readonly #lookup: OffsetLookup
  readonly #committer: OffsetCommitter | null
  readonly #commits: CommitQueue | null
  readonly #membership: GroupMembership | null
  readonly #decodesLater: boolean
  #topics: readonly string[] = []
  #listener: RebalanceListener = {}
  #inHand: readonly InHand[] = NO_HAND
  #handIsFromPoll = false
  /** Errors to throw at the next wait for records. */
  #errors: KafkaError[] = []
  /** The membership's end, thrown from now on. */
  #fatal: KafkaError | null = null
  #arrival: (() => void) | null = null
  #positionWaiters: (() => void)[] = []
  #polling = false
  #pollCount = 0
  #seenPollCount = -1
  #lastPollMs: number
  /** What of an unsubscribe is under way. */
  #givingUp: Promise<void> = Promise.resolve()
  #closing: Promise<void> | null = null
  #closed = false
  /** Settles with the end of a close. */
  readonly #end: Promise<void>
  #reachEnd: () => void = () => {}

  constructor(client: KafkaClient, config: ConsumerConfig, format: RecordFormat<K, V>, assignors: readonly Assignor[]) {
    this.#client = client
    this.#world = client.world
    this.#config = config
    this.#codecs = createCodecs(this.#world)
    this.#decodesLater = format.key.isAsync === true || format.value.isAsync === true
    this.#lastPollMs = this.#world.clock.monotonicMs()
    this.#turns = new Turns(this.#world.clock)
    this.#end = new Promise(resolve => {
      this.#reachEnd = resolve
    })
    this.#buffer = new FetchBuffer<K, V>({
      format,
      codecs: this.#codecs,
      checkCrcs: config.checkCrcs,
      onRoom: () => this.#fetcher.wake(),
    })
    const coordinator = config.groupId === null ? null : new GroupCoordinator(client, config.groupId)
    this.#committer = coordinator === null ? null : new OffsetCommitter(client, coordinator, config.defaultApiTimeoutMs)
    this.#commits =
      this.#committer === null
        ? null
        : new CommitQueue(this.#world, {
            config,
            committer: this.#committer,
            subscription: this.#subscription,
            member: () => this.#committingMember(),
          })
    this.#lookup = new OffsetLookup(client, config)
    this.#positions = new Positions(client, this.#subscription, {
      config,
      lookup: this.#lookup,
      resetPolicy: parseResetPolicy(config.autoOffsetReset),
      committed: this.#committer,
      isAskedFor: () => this.#polling || this.#positionWaiters.length > 0,
      onError: error => this.#fail(error),
      onReady: () => {
        this.#notifyPositions()
        this.#fetcher.wake()
      },
    })
    this.#fetcher = new Fetcher(client, this.#subscription, this.#buffer, {
      config,
      onArrival: () => this.#arrival?.(),
      onError: error => this.#fail(error),
      onPositionsNeeded: () => this.#positions.settle(),
    })
    this.#membership =
      coordinator === null
        ? null
        : new GroupMembership(client, coordinator, {
            config,
            assignors,
            gate: this.#gate,
            owned: () => this.#subscription.list(),
            onRevoked: partitions => this.#revoke(partitions, true),
            onLost: partitions => this.#revoke(partitions, false),
            onAssigned: partitions => this.#receive(partitions),
            onTrouble: error => this.#fail(error),
            onFatal: error => {
              this.#fatal = error
              this.#arrival?.()
            },
            lastPollMs: () => this.#noteActivity(),
          })
    client.onMetadata(() => {
      this.#membership?.onMetadata()
      this.#fetcher.wake()
    })
  }

  // ---------------------------------------------------------------------------------------------- what is read

  async subscribe(topics: readonly string[], listener: RebalanceListener = {}): Promise<void> {
    this.#ensureOpen()
    if (this.#membership === null)
      throw new KafkaError('ILLEGAL_STATE', 'subscribe needs a group: give createConsumer a "groupId", or use assign')
    if (!Array.isArray(topics) || topics.some(topic => typeof topic !== 'string' || topic === ''))
      throw new TypeError('subscribe takes a list of topic names')
    if (this.#topics.length === 0 && this.#subscription.size > 0) {
      throw new KafkaError('ILLEGAL_STATE', 'the consumer reads assigned partitions; unsubscribe first to become a member of a group')
    }
    if (topics.length === 0) return await this.unsubscribe()
    await this.#settled(this.#givingUp, {})
    this.#ensureOpen()
    this.#topics = [...new Set(topics)]
    this.#listener = listener
    this.#fatal = null
    this.#membership.start(this.#topics)
    this.#commits?.start()
  }

  assign(partitions: readonly TopicPartition[]): void {
    this.#ensureOpen()
    checkPartitions(partitions)
    if (this.#topics.length > 0)
      throw new KafkaError('ILLEGAL_STATE', 'the consumer is subscribed to topics; unsubscribe first to assign partitions')
    // What was read of the partitions that go counts, as at a close.
    if (this.#handIsFromPoll) this.#finish()
    if (this.#config.enableAutoCommit) void this.#commits?.commitFinished('before partitions are dropped')
    const wanted = new Map(partitions.map(partition => [formatPartition(partition), partition]))
    this.#subscription.remove([...this.#subscription.all].filter(state => !wanted.has(formatPartition(state))))
    this.#subscription.add([...wanted.values()].filter(partition => this.#subscription.get(partition) === undefined))
    this.#client.setInterest(new Set([...wanted.values()].map(({ topic }) => topic)))
    this.#client.refreshSoon()
    this.#commits?.start()
    this.#positions.settle()
  }

  async unsubscribe(options: WaitOptions = {}): Promise<void> {
    this.#ensureOpen()
    this.#membership?.halt()
    const before = this.#givingUp
    const givingUp = (async () => {
      // One at a time, or the listener would be told twice.
      await before
      await this.#gate.enter()
      try {
        await this.#giveUp()
      } finally {
        this.#gate.leave()
      }
    })()
    this.#givingUp = givingUp.catch(() => {})
    await this.#settled(givingUp, options)
  }

  /** Waits for the end of an unsubscribe. */
  #settled(givingUp: Promise<void>, { signal, timeoutMs = this.#config.defaultApiTimeoutMs }: WaitOptions): Promise<void> {
    const tooLate = () => new TimeoutError(`unsubscribing is not over after ${timeoutMs} ms: does the rebalance listener return?`)
    return withTimeout(this.#world.clock, givingUp, timeoutMs, tooLate, signal)
  }

  subscription(): string[] {
    return [...this.#topics]
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
    this.#ensureOpen()
    return await this.#ask(signal, timeoutMs, () => {
      const records: ConsumerRecord<K, V>[] = []
      const states = new Set<PartitionState>()
      while (records.length < this.#config.maxPollRecords) {
        const taken = this.#takeOrKeep(records.length > 0, this.#config.maxPollRecords - records.length)
        if (taken === null) break
        for (const record of taken.records) records.push(record)
        states.add(taken.state)
      }
      // Only now: behind the records may have come some that are not for the user, and the positions are behind them.
      this.#inHand = [...states].map(handOf)
      this.#handIsFromPoll = true
      return records.length === 0 ? null : records
    }).then(async records => {
      if (records === null) return []
      if (this.#decodesLater) for (const record of records) await record.decodeLater()
      return records
    })
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<ConsumerRecord<K, V>> {
    return this.records()
  }

  records({ signal }: { readonly signal?: AbortSignal | undefined } = {}): AsyncIterableIterator<ConsumerRecord<K, V>> {
    // One for all records: nothing is made for a record that the user does not see.
    let hand: [InHand] | null = null
    const takeOne = () => {
      const record = this.#buffer.takeOne()
      if (record === null) return null
      const state = this.#buffer.takenFrom!
      if (hand === null) hand = [handOf(state)]
      else {
        const one = hand[0]
        one.state = state
        one.jumps = state.jumps
        one.offset = state.position!.offset
        one.epoch = state.position!.offsetEpoch
      }
      this.#inHand = hand
      return record
    }
    const next = async (): Promise<IteratorResult<ConsumerRecord<K, V>>> => {
      const record = await this.#ask(signal, Number.POSITIVE_INFINITY, takeOne)
      if (record === null) return { done: true, value: undefined }
      if (this.#decodesLater) await record.decodeLater()
      return { done: false, value: record }
    }
    return this.#iterator<ConsumerRecord<K, V>>(() => {
      // The common case: there is a record, and nothing else to do. No waiting, one promise.
      if (!this.#mayTakeAtOnce() || signal?.aborted === true || this.#turns.isDue()) return next()
      this.#finish()
      this.#pollCount++
      const record = takeOne()
      if (record === null) return next()
      return Promise.resolve({ done: false, value: record })
    })
  }

  batches(options: { readonly signal?: AbortSignal | undefined } = {}): AsyncIterableIterator<ConsumerBatch<K, V>> {
    const take = (): ConsumerBatch<K, V> | null => {
      const taken = this.#buffer.take(this.#config.maxPollRecords)
      if (taken === null) return null
      const { state, records } = taken
      this.#inHand = [handOf(state)]
      return { topic: state.topic, partition: state.partition, records, highWatermark: state.visibleEnd }
    }
    return this.#iterator<ConsumerBatch<K, V>>(async () => {
      const batch = await this.#ask(options.signal, Number.POSITIVE_INFINITY, take)
      if (batch === null) return { done: true, value: undefined }
      if (this.#decodesLater) for (const record of batch.records) await record.decodeLater()
      return { done: false, value: batch }
    })
  }

  #iterator<T>(next: () => Promise<IteratorResult<T>>): AsyncIterableIterator<T> {
    let ended = false
    const iterator: AsyncIterableIterator<T> = {
      next: () => {
        if (ended) return Promise.resolve({ done: true, value: undefined })
        try {
          return next()
        } catch (error) {
          return Promise.reject(error)
        }
      },
      return: async () => {
        ended = true
        // The loop was left in the middle of its body: what is in hand was not finished.
        this.#inHand = NO_HAND
        return { done: true, value: undefined }
      },
      [Symbol.asyncIterator]: () => iterator,
    }
    return iterator
  }

  #mayTakeAtOnce(): boolean {
    return (
      !this.#polling &&
      this.#closing === null &&
      this.#gate.isIdle &&
      this.#errors.length === 0 &&
      this.#fatal === null &&
      !this.#decodesLater
    )
  }

  /** Waits for records: what was in hand is finished, rebalances happen, errors are thrown. Null after `timeoutMs`, and after a close. */
  async #ask<T>(signal: AbortSignal | undefined, timeoutMs: number, take: () => T | null): Promise<T | null> {
    if (this.#closing !== null) return await this.#ended()
    if (this.#polling) throw new KafkaError('ILLEGAL_STATE', 'records are being asked for already: one poll or loop at a time')
    this.#finish()
    signal?.throwIfAborted()
    this.#polling = true
    this.#pollCount++
    this.#membership?.onPoll()
    const { clock } = this.#world
    const deadlineMs = clock.monotonicMs() + timeoutMs
    let yielded = false
    try {
      await this.#codecs.ready()
      if (this.#turns.isDue()) await this.#turns.take()
      for (;;) {
        if (!this.#gate.isIdle && !(await this.#passGate(deadlineMs - clock.monotonicMs(), signal))) return null
        if (this.#closing !== null) return await this.#ended()
        signal?.throwIfAborted()
        const error = this.#errors.shift() ?? this.#fatal
        if (error !== undefined && error !== null) {
          // A loop that asks again whatever happens must not keep timers and sockets from their turn.
          await this.#turns.take()
          throw error
        }
        const taken = take()
        this.#fetcher.wake()
        if (taken !== null) return taken
        const restMs = deadlineMs - clock.monotonicMs()
        if (restMs > 0) await this.#waitForArrival(restMs, signal)
        else if (yielded) return null
        else {
          // The same for a loop with a timeout of 0; and what has arrived by the end of the turn is still in time.
          await this.#turns.take()
          yielded = true
        }
      }
    } finally {
      this.#polling = false
      this.#pollCount++
    }
  }

  /** Lets happen what waited for the user to hold nothing. False if that takes longer than there is time: it goes on by itself. */
  async #passGate(timeoutMs: number, signal: AbortSignal | undefined): Promise<boolean> {
    const { clock } = this.#world
    if (!this.#gate.isRunning) this.#lastPollMs = clock.monotonicMs()
    const late = new Error('late')
    try {
      // A listener that never returns must not keep a closed consumer's loop.
      await withTimeout(clock, Promise.race([this.#gate.enter(), this.#end]), Math.max(timeoutMs, 0), () => late, signal)
      return true
    } catch (error) {
      if (error !== late) throw error
      return false
    } finally {
      this.#gate.leave()
    }
  }

  /** There is nothing to wait for but the end. */
  async #ended(): Promise<null> {
    await this.#closing
    return null
  }

  /** While waiting the user holds nothing, so that partitions may come and go. */
  async #waitForArrival(timeoutMs: number, signal: AbortSignal | undefined): Promise<void> {
    await this.#gate.enter()
    try {
      // It may have come while the gate was entered. What is buffered may all be paused, so look once and do not spin.
      if (this.#errors.length > 0 || this.#fatal !== null || this.#closing !== null || signal?.aborted || this.#isReadable()) return
      await new Promise<void>((resolve, reject) => {
        let timer: Timer | null = null
        const settle = (how: () => void) => {
          timer?.cancel()
          signal?.removeEventListener('abort', onAbort)
          this.#arrival = null
          how()
        }
        const onAbort = () => settle(() => reject(signal?.reason))
        signal?.addEventListener('abort', onAbort, { once: true })
        this.#arrival = () => settle(resolve)
        if (timeoutMs < Number.POSITIVE_INFINITY) timer = this.#world.clock.setTimer(timeoutMs, () => settle(resolve))
      })
    } finally {
      this.#gate.leave()
      this.#turns.taken()
    }
  }

  #isReadable(): boolean {
    try {
      return this.#buffer.peek(1).length > 0
    } catch (error) {
      this.#fail(error instanceof KafkaError ? error : new KafkaError('UNKNOWN_SERVER_ERROR', messageOf(error)))
      return true
    }
  }

  /** Records that were taken already are worth more than the error behind them, which comes again. */
  #takeOrKeep(haveSome: boolean, limit: number) {
    try {
      return this.#buffer.take(limit)
    } catch (error) {
      if (!haveSome) throw error
      this.#fail(error instanceof KafkaError ? error : new KafkaError('UNKNOWN_SERVER_ERROR', messageOf(error)))
      return null
    }
  }

  /** The user asks for more: what they had is processed. */
  #finish(): void {
    for (const { state, jumps, offset, epoch } of this.#inHand) {
      if (state.jumps !== jumps) continue
      state.finishedOffset = offset
      state.finishedEpoch = epoch
    }
    this.#inHand = NO_HAND
    this.#handIsFromPoll = false
  }

  /** When records were last asked for, to within the time between two calls of this. */
  #noteActivity(): number {
    if (this.#gate.isRunning) return this.#lastPollMs
    if (this.#pollCount !== this.#seenPollCount || this.#polling) {
      this.#seenPollCount = this.#pollCount
      this.#lastPollMs = this.#world.clock.monotonicMs()
    }
    return this.#lastPollMs
  }

  #fail(error: KafkaError): void {
    // The same trouble in many partitions need not be told as often.
    if (!this.#errors.some(known => known.message === error.message)) this.#errors.push(error)
    this.#arrival?.()
    this.#notifyPositions()
  }

  // ---------------------------------------------------------------------------------------------- partitions come and go

  async #receive(partitions: readonly TopicPartition[]): Promise<void> {
    this.#subscription.add(partitions)
    await this.#tell(() => this.#listener.onPartitionsAssigned?.(partitions))
    this.#positions.settle()
  }

  async #revoke(partitions: readonly TopicPartition[], stillOurs: boolean): Promise<void> {
    for (const partition of partitions) {
      const state = this.#subscription.get(partition)
      if (state !== undefined) state.leaving = true
    }
    if (stillOurs) {
      if (this.#config.enableAutoCommit) await this.#commits?.commitFinished('before partitions go')
      await this.#tell(() => this.#listener.onPartitionsRevoked?.(partitions))
    } else {
      const { onPartitionsLost, onPartitionsRevoked } = this.#listener
      await this.#tell(() =>
        onPartitionsLost !== undefined
          ? onPartitionsLost.call(this.#listener, partitions)
          : onPartitionsRevoked?.call(this.#listener, partitions),
      )
    }
    this.#subscription.remove(partitions)
    this.#buffer.prune()
    this.#notifyPositions()
  }

  async #tell(call: () => void | Promise<void>): Promise<void> {
    try {
      await call()
    } catch (error) {
      this.#fail(
        error instanceof KafkaError
          ? error
          : new KafkaError('ILLEGAL_STATE', `the rebalance listener failed: ${messageOf(error)}`, { cause: error }),
      )
    }
  }

  /** Leaves the group or drops what was assigned. The caller has made sure that the user holds nothing. */
  async #giveUp(): Promise<void> {
    this.#finishIfPolled()
    if (this.#topics.length > 0 && this.#membership !== null) {
      await this.#membership.stop()
    } else if (this.#config.enableAutoCommit) await this.#commits?.commitFinished('before partitions are dropped')
    this.#subscription.clear()
    this.#buffer.prune()
    this.#topics = []
    this.#listener = {}
    this.#commits?.stop()
  }

  /** What `poll` handed over counts as processed, as in Java; a loop says itself, by asking for more, that it is done with a record. */
  #finishIfPolled(): void {
    if (this.#handIsFromPoll) this.#finish()
    else this.#inHand = NO_HAND
  }

  // ---------------------------------------------------------------------------------------------- offsets

  async commit(what?: ConsumerRecord<K, V> | readonly TopicPartitionOffset[], options: WaitOptions = {}): Promise<void> {
    this.#ensureOpen()
    const offsets =
      what === undefined
        ? [...this.#subscription.all]
            .filter(state => state.position !== null)
            .map(state => offsetOf(state, state.position!.offset, state.position!.offsetEpoch))
        : Array.isArray(what)
          ? (what as readonly TopicPartitionOffset[])
          : [behind(what as ConsumerRecord<K, V>)]
    checkPartitions(offsets)
    for (const { topic, partition, offset } of offsets) {
      if (!Number.isSafeInteger(offset) || offset < 0)
        throw new TypeError(`${topic}-${partition}: an offset is a whole number from 0 on, not ${offset}`)
    }
    if (this.#commits === null) throw new KafkaError('ILLEGAL_STATE', 'there is no group to commit to: give createConsumer a "groupId"')
    await this.#commits.commit(offsets, options)
  }

  /** Under which name offsets are committed. @throws KafkaError `UNKNOWN_MEMBER_ID` if the consumer should be a member and is none */
  #committingMember(): MemberIdentity {
    if (this.#topics.length === 0) return NO_MEMBER
    const member = this.#membership?.identity ?? NO_MEMBER
    if (member.generationId >= 0) return member
    // Without a generation it would be taken for the commit of somebody outside of the group, whose members may have gone further.
    throw new KafkaError(
      'UNKNOWN_MEMBER_ID',
      `group ${this.#config.groupId}: nothing is committed, because this consumer is no member now (any more); its partitions may be somebody else's`,
      { retriable: false },
    )
  }

  async committed(partitions: readonly TopicPartition[], options: WaitOptions = {}): Promise<TopicPartitionOffset[]> {
    this.#ensureOpen()
    checkPartitions(partitions)
    options.signal?.throwIfAborted()
    if (this.#committer === null)
      throw new KafkaError('ILLEGAL_STATE', 'there is no group whose commits could be read: give createConsumer a "groupId"')
    return [...(await this.#committer.fetch(partitions, options)).values()]
  }

  async position(partition: TopicPartition, options: WaitOptions = {}): Promise<number> {
    const { clock } = this.#world
    const timeoutMs = options.timeoutMs ?? this.#config.defaultApiTimeoutMs
    const deadlineMs = clock.monotonicMs() + timeoutMs
    for (;;) {
      this.#ensureOpen()
      const state = this.#assigned(partition)
      if (state.position !== null) return state.position.offset
      const error = this.#errors.shift()
      if (error !== undefined) throw error
      const restMs = deadlineMs - clock.monotonicMs()
      if (restMs <= 0)
        throw new TimeoutError(`${formatPartition(partition)}: the position is not known after ${timeoutMs} ms`, { at: { ...partition } })
      const next = this.#nextPosition(restMs, options.signal)
      this.#positions.settle()
      await next
    }
  }

  #nextPosition(timeoutMs: number, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason)
      const settle = (how: () => void) => {
        timer.cancel()
        signal?.removeEventListener('abort', onAbort)
        this.#positionWaiters = this.#positionWaiters.filter(other => other !== waiter)
        how()
      }
      const waiter = () => settle(resolve)
      const onAbort = () => settle(() => reject(signal?.reason))
      const timer = this.#world.clock.setTimer(timeoutMs, waiter)
      signal?.addEventListener('abort', onAbort, { once: true })
      this.#positionWaiters.push(waiter)
    })
  }

  #notifyPositions(): void {
    const waiters = this.#positionWaiters
    this.#positionWaiters = []
    for (const waiter of waiters) waiter()
  }

  seek(partition: TopicPartition, offset: number): void {
    this.#ensureOpen()
    if (!Number.isSafeInteger(offset) || offset < 0)
      throw new TypeError(`${formatPartition(partition)}: an offset is a whole number from 0 on, not ${offset}`)
    this.#assigned(partition).jumpTo(offset)
    this.#notifyPositions()
    this.#fetcher.wake()
  }

  seekToBeginning(partitions: readonly TopicPartition[] = this.assignment(), options: WaitOptions = {}): Promise<void> {
    return this.#seekByTime(partitions, listOffsetsTimestamps.EARLIEST, options)
  }

  seekToEnd(partitions: readonly TopicPartition[] = this.assignment(), options: WaitOptions = {}): Promise<void> {
    return this.#seekByTime(partitions, listOffsetsTimestamps.LATEST, options)
  }

  async #seekByTime(partitions: readonly TopicPartition[], timestamp: number, options: WaitOptions): Promise<void> {
    this.#ensureOpen()
    for (const partition of partitions) this.#assigned(partition)
    const wanted = partitions.map(({ topic, partition }) => ({ topic, partition, timestamp }))
    const found = await this.#lookup.find(wanted, options)
    for (const partition of partitions) {
      const offset = found.get(formatPartition(partition))?.offset
      // It may have gone meanwhile.
      if (offset !== undefined && this.#subscription.get(partition) !== undefined) this.seek(partition, offset)
    }
  }

  pause(partitions: readonly TopicPartition[]): void {
    for (const partition of partitions) this.#assigned(partition).paused = true
  }

  resume(partitions: readonly TopicPartition[]): void {
    for (const partition of partitions) this.#assigned(partition).paused = false
    this.#arrival?.()
    this.#fetcher.wake()
  }

  paused(): TopicPartition[] {
    return [...this.#subscription.all].filter(state => state.paused).map(({ topic, partition }) => ({ topic, partition }))
  }

  async offsetsForTimes(
    times: readonly (TopicPartition & { readonly timestamp: number })[],
    options: WaitOptions = {},
  ): Promise<(TopicPartition & OffsetAndTimestamp)[]> {
    this.#ensureOpen()
    checkPartitions(times)
    for (const { topic, partition, timestamp } of times) {
      if (!Number.isSafeInteger(timestamp) || timestamp < 0)
        throw new TypeError(`${topic}-${partition}: a timestamp is a whole number of milliseconds since 1970, not ${timestamp}`)
    }
    this.#client.addInterest(times.map(({ topic }) => topic))
    const found = await this.#lookup.find(times, options)
    return times.flatMap(({ topic, partition }) => {
      const offset = found.get(formatPartition({ topic, partition }))
      return offset === undefined ? [] : [{ topic, partition, ...offset }]
    })
  }

  beginningOffsets(partitions: readonly TopicPartition[], options: WaitOptions = {}): Promise<TopicPartitionOffset[]> {
    return this.#ends(partitions, listOffsetsTimestamps.EARLIEST, options)
  }

  endOffsets(partitions: readonly TopicPartition[], options: WaitOptions = {}): Promise<TopicPartitionOffset[]> {
    return this.#ends(partitions, listOffsetsTimestamps.LATEST, options)
  }

  async #ends(partitions: readonly TopicPartition[], timestamp: number, options: WaitOptions): Promise<TopicPartitionOffset[]> {
    this.#ensureOpen()
    checkPartitions(partitions)
    this.#client.addInterest(partitions.map(({ topic }) => topic))
    const wanted = partitions.map(({ topic, partition }) => ({ topic, partition, timestamp }))
    const found = await this.#lookup.find(wanted, options)
    return partitions.map(({ topic, partition }) => ({
      topic,
      partition,
      offset: found.get(formatPartition({ topic, partition }))!.offset,
    }))
  }

  currentLag(partition: TopicPartition): number | null {
    const state = this.#assigned(partition)
    return state.position === null || state.visibleEnd < 0 ? null : Math.max(state.visibleEnd - state.position.offset, 0)
  }

  // ---------------------------------------------------------------------------------------------- the end

  close(options: { readonly timeoutMs?: number | undefined } = {}): Promise<void> {
    this.#closing ??= this.#close(options.timeoutMs ?? CLOSE_TIMEOUT_MS)
    return this.#closing
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #close(timeoutMs: number): Promise<void> {
    this.#commits?.stop()
    this.#membership?.halt()
    this.#arrival?.()
    const farewell = (async () => {
      await this.#givingUp
      // Closing is asking for no more: what waits for the user to hold nothing may happen.
      await this.#gate.enter()
      await this.#giveUp()
    })()
    await new Promise<void>(resolve => {
      const timer = this.#world.clock.setTimer(timeoutMs, resolve)
      farewell
        .catch(error => this.#world.log.warn('the consumer could not say goodbye', { error: messageOf(error) }))
        .finally(() => {
          timer.cancel()
          resolve()
        })
    })
    this.#closed = true
    this.#commits?.close()
    this.#fetcher.close()
    this.#positions.close()
    this.#client.close()
    this.#reachEnd()
    this.#arrival?.()
    this.#notifyPositions()
  }

  #assigned(partition: TopicPartition): PartitionState {
    const state = this.#subscription.get(partition)
    if (state === undefined)
      throw new KafkaError('ILLEGAL_STATE', `${formatPartition(partition)} is not assigned to this consumer`, { at: { ...partition } })
    return state
  }

  #ensureOpen(): void {
    if (this.#closed) throw new KafkaError('CLOSED', 'the consumer was closed')
  }
}

/** @throws TypeError for what is no list of partitions */
function checkPartitions(partitions: readonly TopicPartition[]): void {
  if (!Array.isArray(partitions)) throw new TypeError('a list of partitions is expected, such as [{ topic, partition }]')
  for (const { topic, partition } of partitions) {
    if (typeof topic !== 'string' || topic === '' || !Number.isInteger(partition) || partition < 0 || partition > MAX_PARTITION)
      throw new TypeError(`a partition has a topic and a number from 0 on, not ${JSON.stringify({ topic, partition })}`)
  }
}

const MAX_PARTITION = 0x7fff_ffff

/** Java's default for a close. */
const CLOSE_TIMEOUT_MS = 30_000

function handOf(state: PartitionState): InHand {
  const { offset, offsetEpoch } = state.position!
  return { state, jumps: state.jumps, offset, epoch: offsetEpoch }
}

function offsetOf({ topic, partition }: TopicPartition, offset: number, leaderEpoch: number): TopicPartitionOffset {
  return { topic, partition, offset, leaderEpoch }
}

function behind({
  topic,
  partition,
  offset,
  leaderEpoch,
}: {
  topic: string
  partition: number
  offset: number
  leaderEpoch: number
}): TopicPartitionOffset {
  return { topic, partition, offset: offset + 1, leaderEpoch }
}
