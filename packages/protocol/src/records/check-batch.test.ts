import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { RecordBatchBuilder, UNSTAMPED } from './batch-builder.ts'
import { RECORDS_AT } from './batch-header.ts'
import { RecordBatchView } from './batch-view.ts'
import { type BatchCheck, type BatchRules, checkBatch, MAX_RECORD_ERRORS } from './check-batch.ts'
import { goldenBatches } from './golden-batches.test-support.ts'
import { anyRecord, batchOf, gzipCodec, patched, testCodecs, withPayload } from './record-batches.test-support.ts'

const NOW_MS = 1_800_000_000_000
const HOUR_MS = 3_600_000

const topicRules: BatchRules = {
  codecs: testCodecs,
  maxBatchBytes: 1_048_588,
  maxDecompressedBytes: 1 << 28,
  timestampType: 'CreateTime',
  timestampBeforeMaxMs: Number.MAX_SAFE_INTEGER,
  timestampAfterMaxMs: HOUR_MS,
  requiresKey: false,
}

function check(batch: Buffer, rules: Partial<BatchRules> = {}): BatchCheck {
  return checkBatch(batch, { ...topicRules, ...rules }, NOW_MS)
}

function refusal(batch: Buffer, rules: Partial<BatchRules> = {}): string {
  const before = Buffer.from(batch)
  const result = check(batch, rules)
  if (result.ok) return 'accepted'
  expect(batch.equals(before), 'a refused batch is not changed').toBe(true)
  expect(result.errorMessage).not.toBe('')
  return result.errorCode
}

function accepted(batch: Buffer, rules: Partial<BatchRules> = {}) {
  const result = check(batch, rules)
  if (!result.ok) throw new Error(`${result.errorCode} ${result.errorMessage}`)
  return result.batch
}

/** The same records in both forms: what holds for one holds inside the other (measured on 4.4.0). */
const forms = [
  ['uncompressed', (batch: Buffer) => batch],
  [
    'compressed',
    (batch: Buffer) => patched(withPayload(batch, gzipCodec.compress(batch.subarray(RECORDS_AT))), bytes => bytes.writeInt16BE(1, 21)),
  ],
] as const

test('what Kafka’s own builder writes for a producer is accepted', () => {
  const produced = goldenBatches.filter(
    ({ codec, control, baseOffset, lastOffset, records, deleteHorizonMs }) =>
      (codec === 'none' || codec === 'gzip') &&
      !control &&
      baseOffset === 0 &&
      records.length > 0 &&
      lastOffset === records.length - 1 &&
      deleteHorizonMs === undefined,
  )
  expect(produced.length).toBeGreaterThan(15)
  for (const { name, codec, bytes, records, lastOffset } of produced) {
    const batch = accepted(Buffer.from(bytes), { timestampAfterMaxMs: Number.MAX_SAFE_INTEGER })
    expect({ recordCount: batch.recordCount, lastOffsetDelta: batch.lastOffsetDelta, type: batch.compressionType }, name).toEqual({
      recordCount: records.length,
      lastOffsetDelta: lastOffset,
      type: codec,
    })
  }
})

describe('exactly one batch of format 2', () => {
  test('two batches are INVALID_RECORD', () => {
    expect(refusal(Buffer.concat([batchOf([{}]), batchOf([{}])]))).toBe('INVALID_RECORD')
  })

  test.each([0, 1])('magic %i is INVALID_RECORD', magic => {
    expect(refusal(patched(batchOf([{}]), bytes => bytes.writeInt8(magic, 16)))).toBe('INVALID_RECORD')
  })

  test('magic 3, which does not exist, is CORRUPT_MESSAGE', () => {
    expect(refusal(patched(batchOf([{}]), bytes => bytes.writeInt8(3, 16)))).toBe('CORRUPT_MESSAGE')
  })

  test('a control batch is INVALID_RECORD: clients do not write those', () => {
    expect(refusal(batchOf([{}], { control: true }))).toBe('INVALID_RECORD')
  })
})

describe('the bytes', () => {
  test('a bad CRC is CORRUPT_MESSAGE, whichever byte is wrong', () => {
    const whole = batchOf([{ key: 'key', value: 'value' }])
    for (let at = 21; at < whole.length; at++) {
      const batch = Buffer.from(whole)
      batch[at]! ^= 1
      expect(refusal(batch), `byte ${at}`).toBe('CORRUPT_MESSAGE')
    }
  })

  test('base offset and leader epoch lie outside the CRC, so the log can stamp them', () => {
    const batch = batchOf([{}])
    batch.writeInt32BE(5, 12)
    expect(refusal(batch)).toBe('accepted')
  })

  test('a length smaller than the header is CORRUPT_MESSAGE', () => {
    expect(refusal(patched(batchOf([{}]), bytes => bytes.writeInt32BE(48, 8)))).toBe('CORRUPT_MESSAGE')
  })

  test('a batch that is cut short is INVALID_RECORD, wherever it is cut', () => {
    const whole = batchOf([{ key: 'key', value: 'value' }])
    for (let length = 0; length < whole.length; length++) {
      expect(refusal(whole.subarray(0, length)), `${length} bytes`).toBe('INVALID_RECORD')
    }
  })

  test('a size above max.message.bytes is MESSAGE_TOO_LARGE; compressed, it is the compressed size that counts', () => {
    const batch = batchOf([{ value: 'x'.repeat(1000) }])
    expect(refusal(batch, { maxBatchBytes: batch.length - 1 })).toBe('MESSAGE_TOO_LARGE')
    expect(refusal(batch, { maxBatchBytes: batch.length })).toBe('accepted')
    expect(refusal(batchOf([{ value: 'x'.repeat(1000) }], {}, gzipCodec), { maxBatchBytes: 200 })).toBe('accepted')
  })
})

describe('compression', () => {
  test('a payload that does not decompress is CORRUPT_MESSAGE', () => {
    expect(refusal(patched(batchOf([{}]), bytes => bytes.writeInt16BE(1, 21)))).toBe('CORRUPT_MESSAGE')
  })

  test('one that gets larger than max.decompressed.message.bytes is MESSAGE_TOO_LARGE', () => {
    const bomb = batchOf([{ value: 'x'.repeat(100_000) }], {}, gzipCodec)
    expect(refusal(bomb, { maxDecompressedBytes: 50_000 })).toBe('MESSAGE_TOO_LARGE')
    expect(refusal(bomb, { maxDecompressedBytes: 200_000 })).toBe('accepted')
  })

  test('a codec that is not installed is UNSUPPORTED_COMPRESSION_TYPE, one that does not exist CORRUPT_MESSAGE', () => {
    expect(refusal(patched(batchOf([{}]), bytes => bytes.writeInt16BE(4, 21)))).toBe('UNSUPPORTED_COMPRESSION_TYPE')
    expect(refusal(patched(batchOf([{}]), bytes => bytes.writeInt16BE(5, 21)))).toBe('CORRUPT_MESSAGE')
  })
})

describe.each(forms)('the records are walked (%s)', (_form, as) => {
  test('a base offset that is not 0 is INVALID_RECORD', () => {
    const batch = as(batchOf([{}]))
    batch.writeInt32BE(1, 4)
    expect(refusal(batch)).toBe('INVALID_RECORD')
    // Beyond 2^53 too: it is outside the CRC, so anything may stand there.
    for (const offset of [-1n, 2n ** 63n - 1n, -(2n ** 63n)]) {
      batch.writeBigInt64BE(offset, 0)
      expect(check(batch)).toMatchObject({ errorCode: 'INVALID_RECORD', errorMessage: `the base offset must be 0, not ${offset}` })
    }
  })

  test.each([
    ['too many', 3],
    ['too few', 1],
    ['0', 0],
    ['negative', -1],
    ['huge', 0x7fff_ffff],
  ])('a count that does not match (%s) is INVALID_RECORD, also with a last offset delta that fits it', (_name, count) => {
    expect(refusal(patched(as(batchOf([{}, {}])), bytes => bytes.writeInt32BE(count, 57)))).toBe('INVALID_RECORD')
    const consistent = patched(as(batchOf([{}, {}])), bytes => {
      bytes.writeInt32BE(count, 57)
      bytes.writeInt32BE(count - 1, 23)
    })
    expect(refusal(consistent)).toBe('INVALID_RECORD')
  })

  test('a batch of no records at all is INVALID_RECORD', () => {
    const empty = patched(as(withPayload(batchOf([{}]), Buffer.alloc(0))), bytes => {
      bytes.writeInt32BE(0, 57)
      bytes.writeInt32BE(-1, 23)
    })
    expect(refusal(empty)).toBe('INVALID_RECORD')
  })

  test('a gap in the offset deltas is INVALID_RECORD', () => {
    const [first, second, third] = [0, 1, 2].map(delta => recordWith(delta))
    const header = batchOf([{}, {}, {}])
    expect(refusal(as(withPayload(header, Buffer.concat([first!, second!, third!]))))).toBe('accepted')
    expect(refusal(as(withPayload(header, Buffer.concat([first!, third!, second!]))))).toBe('INVALID_RECORD')
    expect(refusal(as(withPayload(header, Buffer.concat([first!, second!, recordWith(3)]))))).toBe('INVALID_RECORD')
    expect(refusal(as(withPayload(header, Buffer.concat([first!, first!, second!]))))).toBe('INVALID_RECORD')
    expect(refusal(as(withPayload(header, Buffer.concat([recordWith(-1), first!, second!]))))).toBe('INVALID_RECORD')
  })

  test('a last offset delta that is not the last record’s is INVALID_RECORD', () => {
    expect(refusal(patched(as(batchOf([{}, {}])), bytes => bytes.writeInt32BE(5, 23)))).toBe('INVALID_RECORD')
  })

  test('bytes behind the last record are INVALID_RECORD', () => {
    const header = batchOf([{}])
    const payload = header.subarray(RECORDS_AT)
    expect(refusal(as(withPayload(header, Buffer.concat([payload, Buffer.from([0])]))))).toBe('INVALID_RECORD')
    expect(refusal(as(withPayload(header, Buffer.concat([payload, payload]))))).toBe('INVALID_RECORD')
  })

  test('lengths that do not add up are INVALID_RECORD', () => {
    // attributes, timestamp delta 0, offset delta 0, then what a record must not be.
    for (const body of [
      '00 00 00 04 01',
      '00 00 00 01 7f',
      '00 00 00 01 01 02 03',
      '00 00 00 03 01 00',
      '00 00 00 01 01 02 00 03',
      '00 00 00 01 03 00',
      '00 00 00 01 01 01',
    ]) {
      const bytes = Buffer.from(body.replaceAll(' ', ''), 'hex')
      expect(refusal(as(withPayload(batchOf([{}]), Buffer.concat([Buffer.from([bytes.length * 2]), bytes])))), body).toBe('INVALID_RECORD')
    }
  })

  test('a timestamp beyond 2^53 is refused', () => {
    const batch = patched(as(batchOf([{ timestamp: 5 }, { timestamp: 5 + 2 ** 52 }])), bytes => bytes.writeBigInt64BE(2n ** 53n - 1n, 27))
    expect(refusal(batch)).toBe('INVALID_RECORD')
  })
})

/** A record of nothing with this offset delta. */
function recordWith(offsetDelta: number): Buffer {
  return Buffer.from([12, 0, 0, offsetDelta < 0 ? -2 * offsetDelta - 1 : 2 * offsetDelta, 1, 1, 0])
}

describe('producers', () => {
  const idempotent = { producerId: 7, producerEpoch: 0, baseSequence: 0 }

  test('sequence -1 with a producer id is INVALID_RECORD', () => {
    expect(refusal(batchOf([{}], { ...idempotent, baseSequence: -1 }))).toBe('INVALID_RECORD')
  })

  test('so is an epoch of -1', () => {
    expect(refusal(batchOf([{}], { ...idempotent, producerEpoch: -1 }))).toBe('INVALID_RECORD')
  })

  test('an idempotent batch is accepted, and one of no producer', () => {
    expect(refusal(batchOf([{}], idempotent))).toBe('accepted')
    expect(refusal(batchOf([{}], UNSTAMPED))).toBe('accepted')
  })

  test('a producer id beyond 2^53 is refused', () => {
    expect(refusal(patched(batchOf([{}], idempotent), bytes => bytes.writeBigInt64BE(2n ** 60n, 43)))).toBe('CORRUPT_MESSAGE')
  })
})

describe('timestamps of a CreateTime topic', () => {
  const at = (...timestamps: number[]) => batchOf(timestamps.map(timestamp => ({ timestamp })))
  const errors = (batch: Buffer, rules: Partial<BatchRules> = {}) => {
    const result = check(batch, rules)
    return result.ok ? 'accepted' : [result.errorCode, result.recordErrors.map(({ batchIndex }) => batchIndex)]
  }

  test('may lead the clock by message.timestamp.after.max.ms, else INVALID_TIMESTAMP with the records to blame', () => {
    expect(errors(at(NOW_MS, NOW_MS + HOUR_MS))).toBe('accepted')
    expect(errors(at(NOW_MS, NOW_MS + HOUR_MS + 1, NOW_MS, NOW_MS + 2 * HOUR_MS))).toEqual(['INVALID_TIMESTAMP', [1, 3]])
  })

  test('may be as old as they like by default, and not older than message.timestamp.before.max.ms where it is set', () => {
    expect(errors(at(0))).toBe('accepted')
    expect(errors(at(NOW_MS - 1000), { timestampBeforeMaxMs: 1000 })).toBe('accepted')
    expect(errors(at(NOW_MS - 1001), { timestampBeforeMaxMs: 1000 })).toEqual(['INVALID_TIMESTAMP', [0]])
  })

  test('-1 is no timestamp, and always fine', () => {
    expect(errors(at(-1), { timestampBeforeMaxMs: 0, timestampAfterMaxMs: 0 })).toBe('accepted')
  })

  test('the message says what would do, also without a limit on one side', () => {
    const after = check(at(NOW_MS + HOUR_MS + 1))
    expect(after).toMatchObject({ errorMessage: expect.stringContaining('2027-01-15T09:00:00.000Z') })
    const before = check(at(5), { timestampBeforeMaxMs: 1000, timestampAfterMaxMs: Number.MAX_SAFE_INTEGER })
    expect(before).toMatchObject({ errorCode: 'INVALID_TIMESTAMP', errorMessage: expect.stringContaining('2027-01-15T07:59:59.000Z') })
  })

  test('maxTimestamp is corrected to the true maximum, and the CRC made anew', () => {
    const batch = patched(at(5, 1000, 7), bytes => bytes.writeBigInt64BE(5n, 35))
    const { view, maxTimestamp } = accepted(batch)
    expect([view.maxTimestamp, maxTimestamp, view.isCrcValid()]).toEqual([1000, 1000, true])
  })

  test('whatever the producer wrote there', () => {
    for (const wrong of [2n ** 63n - 1n, -(2n ** 63n), -1n, 1000n + 2n ** 32n, 2n ** 60n]) {
      const { view } = accepted(patched(at(5, 1000, 7), bytes => bytes.writeBigInt64BE(wrong, 35)))
      expect([view.maxTimestamp, view.isCrcValid()], `${wrong}`).toEqual([1000, true])
    }
  })

  test('the timestamp-type bit is cleared, and the CRC made anew', () => {
    const { view } = accepted(patched(at(5), bytes => bytes.writeInt16BE(8, 21)))
    expect([view.isLogAppendTime, view.maxTimestamp, view.isCrcValid()]).toEqual([false, 5, true])
  })

  test('a batch that is right is not touched', () => {
    const batch = at(5, 1000, 7)
    const before = Buffer.from(batch)
    accepted(batch)
    expect(batch.equals(before)).toBe(true)
  })

  test('compressed too', () => {
    const { view } = accepted(
      patched(batchOf([{ timestamp: 5 }, { timestamp: 1000 }], {}, gzipCodec), bytes => bytes.writeBigInt64BE(5n, 35)),
    )
    expect([view.maxTimestamp, view.isCrcValid(), view.compressionType]).toEqual([1000, true, 'gzip'])
  })
})

describe('a LogAppendTime topic', () => {
  const rules = { timestampType: 'LogAppendTime' } as const

  test('stamps the broker’s time into bit and maxTimestamp, and leaves base and deltas alone', () => {
    const { view, maxTimestamp } = accepted(batchOf([{ timestamp: 5 }, { timestamp: 9 }], {}, gzipCodec), rules)
    expect(maxTimestamp).toBe(NOW_MS)
    expect([view.isLogAppendTime, view.maxTimestamp, view.baseTimestamp, view.isCrcValid()]).toEqual([true, NOW_MS, 5, true])
    expect(view.records(view.payload(testCodecs)).map(({ timestamp }) => timestamp)).toEqual([NOW_MS, NOW_MS])
  })

  test('does not care what the producer’s clock says', () => {
    expect(refusal(batchOf([{ timestamp: NOW_MS * 2 }]), { ...rules, timestampBeforeMaxMs: 0 })).toBe('accepted')
  })
})

describe('a compacted topic', () => {
  test('takes no record without a key, and names them', () => {
    const result = check(batchOf([{ key: 'a' }, {}, { key: '' }, { value: 'no key' }]), { requiresKey: true })
    expect(result).toMatchObject({ ok: false, errorCode: 'INVALID_RECORD' })
    expect(result.ok ? [] : result.recordErrors).toEqual([
      { batchIndex: 1, batchIndexErrorMessage: 'a compacted topic takes no record without a key' },
      { batchIndex: 3, batchIndexErrorMessage: 'a compacted topic takes no record without a key' },
    ])
  })

  test('a wrong timestamp decides about the code, and all records to blame are named', () => {
    const result = check(batchOf([{}, { key: 'a', timestamp: 2 * NOW_MS }, { timestamp: 2 * NOW_MS }]), { requiresKey: true })
    expect(result).toMatchObject({ ok: false, errorCode: 'INVALID_TIMESTAMP' })
    expect(result.ok ? [] : result.recordErrors.map(({ batchIndex }) => batchIndex)).toEqual([0, 1, 2])
  })

  test('names so many records and no more, whatever a compressed batch can hold; the walk goes on behind them', () => {
    const keyless = Array.from({ length: MAX_RECORD_ERRORS + 5 }, () => ({}))
    const result = check(batchOf([...keyless, { key: 'a', timestamp: 2 * NOW_MS }], {}, gzipCodec), { requiresKey: true })
    expect(result).toMatchObject({ ok: false, errorCode: 'INVALID_TIMESTAMP', errorMessage: expect.stringContaining('1006 records') })
    expect(result.ok ? [] : result.recordErrors.map(({ batchIndex }) => batchIndex)).toEqual([...Array(MAX_RECORD_ERRORS).keys()])
  })

  test('takes tombstones', () => {
    expect(refusal(batchOf([{ key: 'a', value: null }]), { requiresKey: true })).toBe('accepted')
  })
})

describe('whatever the bytes are', () => {
  const batch = (() => {
    const builder = new RecordBatchBuilder(Buffer.alloc(RECORDS_AT))
    for (const record of fc.sample(anyRecord, { seed: 3, numRuns: 6 })) {
      builder.append(Math.min(record.timestamp, NOW_MS), record.key, record.value, record.headers)
    }
    return builder.finish(UNSTAMPED)
  })()
  const changes = fc.array(fc.tuple(fc.integer({ min: 0, max: batch.length - 1 }), fc.integer({ min: 0, max: 255 })), { maxLength: 3 })

  /** An accepted batch reads back as what the check said of it; nothing else may come of it. */
  function checkAndRead(bytes: Buffer): void {
    const result = check(bytes)
    if (!result.ok) return
    const { view, recordCount, maxTimestamp } = result.batch
    const payload = view.payload(testCodecs)
    const records = view.records(payload)
    expect(records).toHaveLength(recordCount)
    expect(records.map(({ offset }) => offset)).toEqual(records.map((_, index) => index))
    expect(Math.max(-1, ...records.map(({ timestamp }) => timestamp))).toBe(maxTimestamp)
    // Every part can be had, and none of them lies in another.
    const parts = records.flatMap(({ key, value, headers }) => [key, value, ...headers.map(header => header.value)])
    expect(parts.reduce((sum, part) => sum + (part?.length ?? 0), 0)).toBeLessThan(payload.length)
    expect(view.isCrcValid()).toBe(true)
  }

  test('a damaged batch whose CRC fits is refused, or reads back', () => {
    fc.assert(
      fc.property(changes, damage => {
        checkAndRead(
          patched(batch, bytes => {
            for (const [at, value] of damage) bytes[at] = value
          }),
        )
      }),
      { numRuns: Number(process.env['LOGWERK_SEEDS'] ?? 1500) },
    )
  })

  test('so is any payload', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), fc.integer({ min: 1, max: 4 }), (payload, recordCount) => {
        const header = patched(batch.subarray(0, RECORDS_AT), bytes => {
          bytes.writeInt32BE(recordCount, 57)
          bytes.writeInt32BE(recordCount - 1, 23)
        })
        checkAndRead(withPayload(header, payload))
      }),
      { numRuns: Number(process.env['LOGWERK_SEEDS'] ?? 1500) },
    )
  })

  test('and any bytes at all', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), bytes => {
        expect(new RecordBatchView(Buffer.from(bytes)).sizeBytes).toBe(bytes.length)
        checkAndRead(Buffer.from(bytes))
      }),
    )
  })
})
