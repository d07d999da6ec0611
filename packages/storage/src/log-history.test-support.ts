import type { RecordBatchView } from '@logwerk/protocol'
import type { Log } from './log.ts'
import { ProducerState } from './producer-state.ts'

/** A batch that was given to a log, at the place where it has to be found again. */
export interface GivenBatch {
  readonly baseOffset: number
  readonly lastOffset: number
  /** As stamped by the log. */
  readonly view: RecordBatchView
  readonly timestamps: readonly number[]
  acknowledged: boolean
}

/** What a checker needs of a log; a test can put something between that lies. */
export type ReadableLog = Pick<Log, 'logStartOffset' | 'logEndOffset' | 'read' | 'offsetForTimestamp' | 'producers'>

/** Everything that was given to a log, in order: what its content is compared with. */
export class LogHistory {
  batches: GivenBatch[] = []
  /** Everything below is on the disk: a flush, or a checkpoint, has said so. */
  durableOffset = 0
  /** The log's start, as far as it was promised to last, and as far as it was asked for. */
  promisedStart = 0
  wantedStart = 0

  get endOffset(): number {
    return (this.batches.at(-1)?.lastOffset ?? -1) + 1
  }

  /** Forgets what a crash took: the log goes on from `logEndOffset`. */
  cutTo(log: ReadableLog): void {
    this.batches = this.batches.filter(batch => batch.lastOffset < log.logEndOffset)
    this.promisedStart = log.logStartOffset
    this.wantedStart = log.logStartOffset
    this.durableOffset = Math.min(this.durableOffset, log.logEndOffset)
  }

  /** The state of the producers after all batches below `logEndOffset`. */
  producersAt(logEndOffset: number): ProducerState {
    const producers = new ProducerState(1000)
    for (const { view, lastOffset } of this.batches) {
      if (lastOffset >= logEndOffset || !view.hasProducerId) continue
      const { producerId, producerEpoch, baseSequence: firstSequence, lastSequence, lastOffsetDelta: offsetDelta, maxTimestamp } = view
      const batch = { producerId, producerEpoch, firstSequence, lastSequence, lastOffset, offsetDelta, timestamp: maxTimestamp }
      producers.update(batch, 0)
    }
    return producers
  }
}
