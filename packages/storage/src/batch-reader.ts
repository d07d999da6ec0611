import { RECORDS_AT, RecordBatchView } from '@logwerk/protocol'
import { type BatchPlace, placeOf } from './batch-place.ts'
import type { Segment } from './segment.ts'

/** Bytes are read in pieces of this size, or of one batch where that is larger. */
const READ_BYTES = 1 << 20

/** Reads a segment's batches one after the other through one large buffer. */
export class BatchReader {
  readonly #segment: Segment
  #buffer: Buffer
  #bufferAt = 0
  #bufferBytes = 0

  constructor(segment: Segment) {
    this.#segment = segment
    this.#buffer = Buffer.allocUnsafeSlow(Math.min(READ_BYTES, segment.sizeBytes))
  }

  /** Null if there is no whole batch at `positionBytes`. */
  batchAt(positionBytes: number): { readonly place: BatchPlace; readonly view: RecordBatchView } | null {
    if (positionBytes + RECORDS_AT > this.#segment.sizeBytes) return null
    const header = this.#bytes(positionBytes, RECORDS_AT)
    const place = header === null ? null : placeOf(header, positionBytes)
    if (place === null || positionBytes + place.sizeBytes > this.#segment.sizeBytes) return null
    const bytes = this.#bytes(positionBytes, place.sizeBytes)
    return bytes === null ? null : { place, view: new RecordBatchView(bytes) }
  }

  #bytes(positionBytes: number, byteCount: number): Buffer | null {
    if (positionBytes < this.#bufferAt || positionBytes + byteCount > this.#bufferAt + this.#bufferBytes) {
      if (byteCount > this.#buffer.length) this.#buffer = Buffer.allocUnsafeSlow(byteCount)
      this.#bufferAt = positionBytes
      this.#bufferBytes = this.#segment.read(this.#buffer, positionBytes)
    }
    const start = positionBytes - this.#bufferAt
    return start + byteCount > this.#bufferBytes ? null : this.#buffer.subarray(start, start + byteCount)
  }
}
