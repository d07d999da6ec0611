import { assert, type Random, randomBelow, sleep, type World } from '@logwerk/runtime'
import type { Machine, Simulation } from '@logwerk/runtime/simulated'
import { batchOf, configOf } from './batches.test-support.ts'
import type { Log } from './log.ts'
import type { LogConfig } from './log-config.ts'
import { LogDirectory } from './log-directory.ts'
import { LogHistory } from './log-history.test-support.ts'

export const DATA_DIRECTORY = '/var/logwerk'
const TOPIC = { topic: 'orders', partition: 0, topicId: 'AAAAAAAAAAAAAAAAAAAAAg' }
const PRODUCER_IDS = [11, 12, 13]

/** A process that appends to one log, and everything else that one does with a log, in an order drawn from the seed. */
export class Workload {
  readonly machine: Machine
  readonly config: LogConfig
  readonly history = new LogHistory()
  readonly #random: Random
  #timestamp = 1000
  #directory: LogDirectory | null = null
  #log: Log | null = null

  constructor(simulation: Simulation) {
    this.machine = simulation.machine('localhost')
    this.#random = simulation.random('workload')
    const fsync = (['batch', 'batch', 'interval', 'os'] as const)[this.#below(4)]!
    this.config = configOf({
      fsync,
      fsyncIntervalMs: 5,
      segmentBytes: 6000 + this.#below(10_000),
      indexIntervalBytes: [0, 500, 4096][this.#below(3)]!,
    })
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

  async close(): Promise<void> {
    await this.#directory?.close()
  }

  /** Does `count` things one after the other; appends overlap with what follows. */
  async run(count: number): Promise<void> {
    for (let step = 0; step < count; step++) await this.#act()
    await this.flush()
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
    else if (what < 80) await sleep(clock, 1 + this.#below(8))
    else if (what < 86) await this.#deleteRecords()
    else if (what < 90) this.#directory?.checkpoint()
    else if (what < 94) await this.flush()
    else {
      await this.close()
      this.open()
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
    return log.append(batch).then(
      result => {
        assert(result.baseOffset === baseOffset && !result.duplicate, 'a batch lands at the end of the log', { baseOffset, result })
        given.acknowledged = true
      },
      error => {
        // The machine has stopped in the middle; the batch may be there or not.
        if (this.machine.running) throw error
      },
    )
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
