import rows from '../../golden/record-batches.json' with { type: 'json' }

/** A record batch as Kafka's Java builder writes it, and as Kafka reads it back; made by packages/interop/java/Batches.java. */
export interface GoldenBatch {
  readonly name: string
  readonly codec: string
  readonly baseOffset: number
  readonly lastOffset: number
  readonly partitionLeaderEpoch: number
  readonly crc: number
  readonly attributes: number
  readonly timestampType: string
  readonly transactional: boolean
  readonly control: boolean
  readonly baseTimestamp: number
  readonly maxTimestamp: number
  readonly deleteHorizonMs?: number
  readonly producerId: number
  readonly producerEpoch: number
  readonly baseSequence: number
  readonly lastSequence: number
  readonly records: readonly GoldenRecord[]
  readonly bytes: Buffer
}

export interface GoldenRecord {
  readonly offset: number
  readonly timestamp: number
  /** Against the batch's baseTimestamp, also where the broker's time hides it. */
  readonly timestampDelta: number
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: readonly { readonly key: string; readonly value: Buffer | null }[]
}

const bytesOf = (hex: string | null) => (hex === null ? null : Buffer.from(hex, 'hex'))

export const goldenBatches: readonly GoldenBatch[] = rows.map(({ hex, records, ...row }) => ({
  ...row,
  bytes: Buffer.from(hex, 'hex'),
  records: records.map(record => ({
    ...record,
    key: bytesOf(record.key),
    value: bytesOf(record.value),
    headers: record.headers.map(({ key, value }) => ({ key, value: bytesOf(value) })),
  })),
}))
