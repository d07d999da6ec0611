import { batchesOf, type RecordBatchView } from '@logwerk/protocol'
import { KafkaError } from '@logwerk/runtime'
import { noCodecs } from './batches.test-support.ts'
import type { LogHistory, ReadableLog } from './log-history.test-support.ts'
import type { TimestampAndOffset } from './time-lookup.ts'

export interface Expectations {
  /** No acknowledged batch may be missing; otherwise only what was flushed. */
  readonly keepsAcknowledged: boolean
}

/**
 * Compares a log with what was given to it. The names in front are the invariants of a log that was opened after a crash:
 * acknowledged, prefix, order, index, time index, producers, start. Empty if all hold.
 */
export function checkLog(log: ReadableLog, history: LogHistory, { keepsAcknowledged }: Expectations): string[] {
  const complaints: string[] = []
  const { logStartOffset, logEndOffset } = log
  if (logStartOffset < history.promisedStart || logStartOffset > Math.max(history.wantedStart, history.promisedStart)) {
    complaints.push(`start: the log begins at ${logStartOffset}, not between ${history.promisedStart} and ${history.wantedStart}`)
  }
  for (const { acknowledged, baseOffset, lastOffset } of history.batches) {
    const mustBeThere = lastOffset < history.durableOffset || (acknowledged && keepsAcknowledged)
    if (mustBeThere && lastOffset >= logEndOffset)
      complaints.push(`acknowledged: the batch at ${baseOffset} is lost, the log ends at ${logEndOffset}`)
  }
  const content = contentOf(log, complaints)
  comparePrefix(content, history, logStartOffset, complaints)
  checkLookups(log, content, complaints)
  checkTimes(log, history, complaints)
  const replayed = history.producersAt(logEndOffset).encodeSnapshot()
  if (Buffer.compare(log.producers.encodeSnapshot(), replayed) !== 0) complaints.push('producers: their state is not that of a full replay')
  return complaints
}

/** All batches from the start of the log to its end, one after the other. */
export function contentOf(log: ReadableLog, complaints: string[] = []): RecordBatchView[] {
  const content: RecordBatchView[] = []
  for (let offset = log.logStartOffset; offset < log.logEndOffset; ) {
    const bytes = log.read(offset, { maxBytes: 1 << 20, minOneBatch: true, limitOffset: log.logEndOffset })
    const batches = [...batchesOf(bytes)]
    if (batches.length === 0 || batches.reduce((sum, batch) => sum + batch.sizeBytes, 0) !== bytes.length) {
      complaints.push(`prefix: there is nothing whole to read at ${offset}, the log ends at ${log.logEndOffset}`)
      return content
    }
    for (const batch of batches) {
      const previous = content.at(-1)
      const follows =
        previous === undefined ? batch.baseOffset <= offset && batch.lastOffset >= offset : batch.baseOffset === previous.nextOffset
      if (!follows)
        complaints.push(`order: the batch at ${batch.baseOffset} does not follow ${previous?.lastOffset ?? 'the start of the log'}`)
      if (!batch.isCrcValid()) complaints.push(`prefix: the CRC of the batch at ${batch.baseOffset} is wrong`)
      content.push(batch)
    }
    const nextOffset = content.at(-1)!.nextOffset
    if (nextOffset <= offset) return content
    offset = nextOffset
  }
  return content
}

function comparePrefix(content: readonly RecordBatchView[], history: LogHistory, logStartOffset: number, complaints: string[]): void {
  const given = history.batches.filter(batch => batch.lastOffset >= logStartOffset)
  for (const [index, batch] of content.entries()) {
    const expected = given[index]
    if (expected === undefined) complaints.push(`prefix: nobody appended the batch at ${batch.baseOffset}`)
    else if (!expected.view.bytes.equals(batch.bytes))
      complaints.push(`prefix: the batch at ${batch.baseOffset} is not the one appended at ${expected.baseOffset}`)
  }
}

/** Through the index every offset must lead to the batch that a walk over the log finds. */
function checkLookups(log: ReadableLog, content: readonly RecordBatchView[], complaints: string[]): void {
  for (const batch of content) {
    for (const offset of [Math.max(batch.baseOffset, log.logStartOffset), batch.lastOffset]) {
      const bytes = log.read(offset, { maxBytes: 1, minOneBatch: true, limitOffset: log.logEndOffset })
      if (!batch.bytes.equals(bytes)) complaints.push(`index: offset ${offset} does not lead to the batch at ${batch.baseOffset}`)
    }
  }
}

/** Damage is a finding like any other. */
function foundAt(log: ReadableLog, timestamp: number, complaints: string[]): TimestampAndOffset | null {
  try {
    return log.offsetForTimestamp(timestamp, log.logEndOffset, noCodecs)
  } catch (error) {
    if (!(error instanceof KafkaError && error.code === 'CORRUPT_LOG')) throw error
    complaints.push(`time index: ${error.message}`)
    return null
  }
}

/** And every timestamp to the first record that has it or a later one. */
function checkTimes(log: ReadableLog, history: LogHistory, complaints: string[]): void {
  const records = history.batches
    .flatMap(({ baseOffset, timestamps }) => timestamps.map((timestamp, index) => ({ timestamp, offset: baseOffset + index })))
    .filter(({ offset }) => offset >= log.logStartOffset && offset < log.logEndOffset)
  const wanted = new Set(records.flatMap(({ timestamp }, index) => (index % 3 === 0 ? [timestamp, timestamp + 1] : [])))
  for (const timestamp of [0, ...wanted]) {
    const expected = records.find(record => record.timestamp >= timestamp)
    const found = foundAt(log, timestamp, complaints)
    if (found?.offset !== expected?.offset || found?.timestamp !== expected?.timestamp) {
      complaints.push(`time index: ${timestamp} leads to ${found?.offset ?? 'nothing'}, and it is ${expected?.offset ?? 'nothing'}`)
    }
  }
}
