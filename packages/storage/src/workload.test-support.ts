import { assert, KafkaError, type Random, randomBelow, sleep, type World } from '@logwerk/runtime'
import type { Machine, Simulation } from '@logwerk/runtime/simulated'
import { batchOf, configOf } from './batches.test-support.ts'
import type { Log } from './log.ts'
import type { LogConfig } from './log-config.ts'
import { LogDirectory } from './log-directory.ts'
import { LogHistory } from './log-history.test-support.ts'

export const DATA_DIRECTORY = '/var/logwerk'
const TOPIC = { topic: 'orders', partition: 0, topicId: 'AAAAAAAAAAAAAAAAAAAAAg' }
const PRODUCER_IDS = [11, 12, 13]

/**
 * A process that appends to one log, and everything else that one does with a log, in an order drawn from the seed; on a disk that at
 * times has no room, or fails to sync.
 */
export class Workload {
  readonly machine: Machine
  readonly config: LogConfig
  readonly history = new LogHistory()
  readonly #random: Random
  readonly #simulation: Simulation
  readonly #hasFaults: boolean
  #timestamp = 1000
  #directory: LogDirectory | null = null
  #log: Log | null = null

  constructor(simulation: Simulation) {
    this.#simulation = simulation
    this.machine = simulation.machine('localhost')
    this.#random = simulation.random('workload')
    const fsync = (['batch', 'batch', 'interval', 'os'] as const)[this.#below(4)]!
    this.config = configOf({
      fsync,
      fsyncIntervalMs: 5,
      segmentBytes: 6000 + this.#below(10_000),
      indexIntervalBytes: [0, 500, 4096][this.#below(3)]!,
      maxOpenSegments: 1 + this.#below(4),
    })
    this.#hasFaults = this.#below(2) === 0
    simulation.disk.settings.shortWriteShare = this.#below(2) * 0.2
  }

  get log(): Log {
    assert(this.#log !== null, 'the log has been opened')
    return this.#log
  }

  /** Opens directory and log in the process that runs now. */
  open(world: World = this.machine.world): void {
    this.#log = null
    this.#directory = LogDirectory.open(world, { path: DATA_DIRECTORY, nodeId: 1 })
    this.#log = this.#directory.openPartition({ ...TOPIC, config: this.config })
  }

  /** Closes everything, as far as the disk lets it. */
  async close(): Promise<void> {
    await this.#directory?.close().catch(error => this.#expectDiskFault(error))
  }

  /** Does `count` things one after the other; appends overlap with what follows. */
  async run(count: number): Promise<void> {
    for (let step = 0; step < count; step++) await this.#try(() => this.#act())
    this.#simulation.disk.settings.capacityBytes = Number.POSITIVE_INFINITY
    // A fault that has waited for its time is over with the first.
    while (!(await this.#try(() => this.flush())));
  }

  /** False if the disk refuses; the log is open and takes batches again then. */
  async #try(action: () => Promise<void>): Promise<boolean> {
    try {
      await action()
    } catch (error) {
      this.#expectDiskFault(error)
      if (this.#log === null || this.#log.fence !== null) await this.#reopen()
      return false
    }
    if (this.log.fence !== null) await this.#reopen()
    return true
  }

  async #reopen(): Promise<void> {
    for (;;) {
      await this.close()
      try {
        return this.open()
      } catch (error) {
        this.#expectDiskFault(error)
      }
    }
  }

  #expectDiskFault(error: unknown): void {
    const isDiskFault = error instanceof KafkaError && (error.code === 'KAFKA_STORAGE_ERROR' || error.code === 'STORAGE_ERROR')
    if (!isDiskFault || !this.machine.running) throw error
  }

  async flush(): Promise<void> {
    const { log } = this
    const end = log.logEndOffset
    await log.flush()
    this.history.durableOffset = Math.max(this.history.durableOffset, end)
  }

  async #act(): Promise<void> {
    const { clock } = this.machine.world
    const what = this.#below(100)
    if (what < 40) void this.#append()
    else if (what < 60) await this.#append()
    else if (what < 70) await this.#appendAgain()
    else if (what < 75) await sleep(clock, 1 + this.#below(8))
    else if (what < 80) this.#read()
    else if (what < 86) await this.#deleteRecords()
    else if (what < 90) this.#directory?.checkpoint()
    else if (what < 94) await this.flush()
    else if (what < 97 || !this.#hasFaults) {
      this.#log = null
      await this.#directory?.close()
      this.open()
    } else this.#spoilDisk()
  }

  /** Takes the room away or gives it back, or lets a coming operation fail. */
  #spoilDisk(): void {
    const { disk } = this.#simulation
    const { settings } = disk
    if (settings.capacityBytes !== Number.POSITIVE_INFINITY) settings.capacityBytes = Number.POSITIVE_INFINITY
    else if (this.#below(2) === 0) {
      let usedBytes = 0
      for (const bytes of disk.contents().values()) usedBytes += bytes.length
      settings.capacityBytes = usedBytes + this.#below(3000)
      if (this.#below(3) === 0) disk.fail('truncate')
    } else {
      const operation = (['datasync', 'syncDirectory', 'write', 'open'] as const)[this.#below(4)]!
      disk.fail(operation, { nth: 1 + this.#below(4), osCode: operation === 'open' ? 'EMFILE' : 'EIO' })
    }
  }

  #append(): Promise<void> {
    const { log, history } = this
    const recordCount = 1 + this.#below(5)
    const id = [undefined, ...PRODUCER_IDS][this.#below(4)]
    this.#timestamp += this.#below(20)
    // Not in order: producers' clocks differ.
    const timestamps = Array.from({ length: recordCount }, () => this.#timestamp - this.#below(30))
    const batch = batchOf({
      recordCount,
      valueBytes: [10, 100, 700][this.#below(3)]!,
      timestamp: timestamps,
      fill: String.fromCharCode(97 + this.#below(26)),
      ...(id === undefined ? {} : { producer: { id, epoch: 0, sequence: this.#nextSequence(id) } }),
    })
    const baseOffset = log.logEndOffset
    const given = { baseOffset, lastOffset: baseOffset + recordCount - 1, view: batch.view, timestamps, acknowledged: false }
    history.batches.push(given)
    const appended = log.append(batch)
    // Refused: it is not there, and another one takes its place.
    if (this.machine.running && log.logEndOffset === baseOffset) history.batches.pop()
    return appended.then(
      result => {
        assert(result.baseOffset === baseOffset && !result.duplicate, 'a batch lands at the end of the log', { baseOffset, result })
        given.acknowledged = true
      },
      error => {
        // The machine has stopped in the middle, or the disk failed to sync; the batch may be there or not.
        if (this.machine.running) this.#expectDiskFault(error)
      },
    )
  }

  /** Looks at a few places of the log, which closes segments and opens them again. */
  #read(): void {
    const { log, history } = this
    for (let count = 0; count < 3; count++) {
      const offset = log.logStartOffset + this.#below(log.logEndOffset - log.logStartOffset + 1)
      if (offset === log.logEndOffset) continue
      const bytes = log.read(offset, { maxBytes: 1, minOneBatch: true, limitOffset: log.logEndOffset })
      const given = history.batches.findLast(batch => batch.baseOffset <= offset)
      assert(given !== undefined && offset <= given.lastOffset && bytes.equals(given.view.bytes), 'a read gives what was appended', {
        offset,
      })
    }
  }

  /** Sends a producer's last batch a second time, as after a lost acknowledgement. */
  async #appendAgain(): Promise<void> {
    const id = PRODUCER_IDS[this.#below(3)]!
    const last = this.history.batches.findLast(batch => batch.view.producerId === id)
    if (last === undefined) return
    const { recordCount, lastOffsetDelta, maxTimestamp } = last.view
    const end = this.log.logEndOffset
    const result = await this.log.append({ view: last.view, recordCount, lastOffsetDelta, maxTimestamp, compressionType: 'none' })
    assert(result.duplicate && result.baseOffset === last.baseOffset, 'a duplicate is known', { result, baseOffset: last.baseOffset, end })
    last.acknowledged = true
  }

  async #deleteRecords(): Promise<void> {
    const { log, history } = this
    // Without it a power cut may take what is not deleted and leave the log to begin past its end; open-log.test.ts has that case.
    await this.flush()
    const span = log.highWatermark - log.logStartOffset
    history.wantedStart = log.deleteRecordsBefore(log.logStartOffset + this.#below(span + 1))
    this.#directory?.checkpointLogStarts()
    history.promisedStart = history.wantedStart
  }

  #nextSequence(id: number): number {
    const last = this.history.batches.findLast(batch => batch.view.producerId === id)
    return last === undefined ? 0 : last.view.lastSequence + 1
  }

  #below(bound: number): number {
    return randomBelow(this.#random, bound)
  }
}
