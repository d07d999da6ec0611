import type { Broker } from '@logwerk/broker'
import { type Consumer, type ConsumerRecord, createConsumer, type TopicPartitionOffset } from '@logwerk/consumer'
import { string } from '@logwerk/serde-bytes'
import { FLIGHTS, type Flight, flightSerde } from './flights.ts'
import { PATIENCE } from './patience.ts'

export type FlightRecord = ConsumerRecord<string, Flight>

/** What a group does with the flights it reads. */
export interface GroupWork {
  readonly groupId: string
  /**
   * Takes up what the run before left; each committed offset carries the note of {@link GroupWork.checkpoint}.
   *
   * @returns False if the work is lost and everything has to be read again from the beginning.
   */
  restore(committed: readonly TopicPartitionOffset[]): Promise<boolean>
  /** Handles a record. */
  apply(record: FlightRecord): void
  /** Makes durable what was applied, and answers a note for each partition that is committed together with its offset. */
  checkpoint(): Promise<(partition: number) => string>
}

/** Longest time between two commits: what a kill makes the group read again. */
const COMMIT_INTERVAL_MS = 150

/** One consumer group on the topic `flights`: a single member that reads, hands on and commits. */
export class GroupReader {
  /** Where the group goes on: a commit for every partition that has one. */
  readonly resumedFrom: readonly TopicPartitionOffset[]
  /** The work was lost, so the group reads everything again. */
  readonly beginsAnew: boolean
  readonly #work: GroupWork
  readonly #consumer: Consumer<string, Flight>
  /** Offset of the next record of each partition. */
  readonly #next: number[]
  #ends: readonly number[] | null = null

  private constructor(work: GroupWork, consumer: Consumer<string, Flight>, committed: readonly TopicPartitionOffset[], restored: boolean) {
    this.#work = work
    this.#consumer = consumer
    this.resumedFrom = restored ? committed : []
    this.beginsAnew = !restored
    this.#next = new Array<number>(FLIGHTS.partitionCount).fill(0)
    for (const { partition, offset } of this.resumedFrom) this.#next[partition] = offset
  }

  static async open(broker: Broker, work: GroupWork): Promise<GroupReader> {
    const consumer = createConsumer({
      broker,
      groupId: work.groupId,
      // A static member (KIP-345): after a kill it takes its own place again. Another id would have to wait until the dead member's
      // session is over, 45 seconds.
      groupInstanceId: `${work.groupId}-1`,
      key: string,
      value: flightSerde,
      autoOffsetReset: 'earliest',
      enableAutoCommit: false,
      ...PATIENCE,
    })
    const partitions = Array.from({ length: FLIGHTS.partitionCount }, (_, partition) => ({ topic: FLIGHTS.topic, partition }))
    const committed = await consumer.committed(partitions)
    return new GroupReader(work, consumer, committed, await work.restore(committed))
  }

  /** Reads until `finishAt` was called and everything below those offsets is handled and committed. */
  async run(signal: AbortSignal): Promise<void> {
    await this.#consumer.subscribe([FLIGHTS.topic], {
      onPartitionsAssigned: partitions => {
        if (this.beginsAnew) for (const partition of partitions) this.#consumer.seek(partition, 0)
      },
    })
    let lastCommitMs = performance.now()
    let isDirty = false
    while (!this.#isAtEnd()) {
      for (const record of await this.#consumer.poll({ timeoutMs: 50, signal })) {
        this.#work.apply(record)
        this.#next[record.partition] = record.offset + 1
        isDirty = true
      }
      if (!isDirty || performance.now() - lastCommitMs < COMMIT_INTERVAL_MS) continue
      await this.#commit()
      lastCommitMs = performance.now()
      isDirty = false
    }
    if (isDirty) await this.#commit()
  }

  /** @param endOffsets  Of each partition: the offset behind its last record. */
  finishAt(endOffsets: readonly number[]): void {
    this.#ends = endOffsets
  }

  get groupId(): string {
    return this.#work.groupId
  }

  close(): Promise<void> {
    return this.#consumer.close()
  }

  #isAtEnd(): boolean {
    return this.#ends?.every((end, partition) => this.#next[partition]! >= end) ?? false
  }

  /** One request, and so one batch in `__consumer_offsets`: all partitions are committed, or none. */
  async #commit(): Promise<void> {
    const noteOf = await this.#work.checkpoint()
    await this.#consumer.commit(
      this.#next.map((offset, partition) => ({ topic: FLIGHTS.topic, partition, offset, metadata: noteOf(partition) })),
    )
  }
}
