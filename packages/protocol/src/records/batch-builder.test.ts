import type { ByteWriter, Headers } from '@logwerk/runtime'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { RecordBatchBuilder, sizeOfSingleRecordBatch, stampBatch, UNSTAMPED, type ValueWriter } from './batch-builder.ts'
import { RECORDS_AT, sequenceAfter } from './batch-header.ts'
import { RecordBatchView } from './batch-view.ts'
import { type GoldenBatch, goldenBatches } from './golden-batches.test-support.ts'
import { type AnyRecord, anyRecord, gzipCodec, testCodecs } from './record-batches.test-support.ts'

const writeBytes: ValueWriter<Uint8Array, null> = { serializeInto: (value, writer) => writer.writeBytes(value) }

/** Adds a record through `append`, or, where its value is not null, in place. */
function add(builder: RecordBatchBuilder, { timestamp, key, value, headers }: AnyRecord, inPlace: boolean): void {
  if (inPlace && value !== null) builder.appendInto(timestamp, key, value, writeBytes, null, headers)
  else builder.append(timestamp, key, value, headers)
}

function read(batch: Buffer): AnyRecord[] {
  const view = new RecordBatchView(batch)
  return view
    .records(view.payload(testCodecs))
    .map(({ timestamp, key, value, headers }) => ({ timestamp, key, value, headers: [...headers] }))
}

const plain = (records: readonly AnyRecord[]) =>
  records.map(({ timestamp, key, value, headers }) => ({
    timestamp,
    key: key && [...key],
    value: value && [...value],
    headers: headers.map(header => ({ key: header.key, value: header.value && [...header.value] })),
  }))

describe('the bytes are those of Kafka’s own builder', () => {
  const isOurs = (golden: GoldenBatch) =>
    golden.codec === 'none' &&
    golden.timestampType === 'CreateTime' &&
    golden.deleteHorizonMs === undefined &&
    golden.records.length > 0 &&
    golden.lastOffset === golden.baseOffset + golden.records.length - 1 &&
    golden.records.every(({ offset }, index) => offset === golden.baseOffset + index)
  const ours = goldenBatches.filter(isOurs)

  test('most of the uncompressed goldens can be built here', () => {
    expect(ours.length).toBeGreaterThan(14)
  })

  describe.each(['append', 'appendInto'])('%s', way => {
    test.each(ours)('$name', golden => {
      const builder = new RecordBatchBuilder(Buffer.alloc(RECORDS_AT))
      for (const record of golden.records) add(builder, record, way === 'appendInto')
      const { producerId, producerEpoch, baseSequence, transactional, control, partitionLeaderEpoch } = golden
      const batch = builder.finish({ producerId, producerEpoch, baseSequence, transactional, control, partitionLeaderEpoch })
      // A producer's base offset is 0; the broker's log writes it in, outside the CRC.
      batch.writeBigInt64BE(BigInt(golden.baseOffset), 0)
      expect(batch.toString('hex')).toBe(golden.bytes.toString('hex'))
    })
  })
})

describe('appendInto', () => {
  test('writes what append writes, whatever the widths of lengths before', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(anyRecord, fc.boolean()), { maxLength: 12 }), fc.integer({ min: 0, max: 300 }), (records, room) => {
        const one = new RecordBatchBuilder(Buffer.alloc(RECORDS_AT + room))
        const other = new RecordBatchBuilder(Buffer.alloc(RECORDS_AT))
        for (const [record, inPlace] of records) {
          add(one, record, inPlace)
          add(other, record, false)
          expect(one.sizeBytes).toBe(other.sizeBytes)
        }
        expect(one.finish(UNSTAMPED).equals(other.finish(UNSTAMPED))).toBe(true)
      }),
    )
  })

  test('a serializer that throws leaves nothing behind, neither bytes nor its timestamp', () => {
    const failing: ValueWriter<Uint8Array, null> = {
      serializeInto(value, writer: ByteWriter) {
        writer.writeBytes(value)
        throw new RangeError('does not fit the schema')
      },
    }
    fc.assert(
      fc.property(fc.array(fc.tuple(anyRecord, fc.boolean()), { maxLength: 8 }), records => {
        const one = new RecordBatchBuilder(Buffer.alloc(RECORDS_AT))
        const other = new RecordBatchBuilder(Buffer.alloc(RECORDS_AT))
        for (const [record, fails] of records) {
          const { timestamp, key, value, headers } = record
          if (fails) {
            expect(() => one.appendInto(timestamp, key, value ?? new Uint8Array(9), failing, null, headers)).toThrow(
              'does not fit the schema',
            )
          } else {
            add(one, record, true)
            add(other, record, false)
          }
          expect(one.recordCount).toBe(other.recordCount)
          expect(one.sizeBytes).toBe(other.sizeBytes)
        }
        if (other.recordCount > 0) expect(one.finish(UNSTAMPED).equals(other.finish(UNSTAMPED))).toBe(true)
      }),
    )
  })
})

describe('what goes wrong on the way leaves nothing behind', () => {
  const noHeaders = [
    [[{ key: 'a', value: undefined }], 'a value that is undefined'],
    [[{ key: undefined, value: null }], 'a key that is undefined'],
    [[{ key: 'a', value: null }, null], 'no header at all'],
  ] as unknown as [Headers, string][]
  const added: Headers = [{ key: 'ok', value: Buffer.from('x') }]
  const taking: ValueWriter<Uint8Array, null> = {
    serializeInto(_, writer) {
      writer.position -= 3
    },
  }
  const builders = () => [0, 1].map(() => new RecordBatchBuilder(Buffer.alloc(RECORDS_AT))) as [RecordBatchBuilder, RecordBatchBuilder]

  test.each(noHeaders)('headers that are none, as a serializer without types may leave them: %o, %s', headers => {
    for (const inPlace of [false, true]) {
      const [one, other] = builders()
      for (const timestamp of [1, 2]) {
        for (const builder of [one, other]) add(builder, { timestamp, key: null, value: Buffer.from('v'), headers: added }, inPlace)
        expect(() => add(one, { timestamp: 1000, key: Buffer.from('k'), value: Buffer.alloc(300), headers }, inPlace)).toThrow(TypeError)
      }
      expect([one.recordCount, one.maxTimestamp]).toEqual([2, 2])
      expect(one.finish(UNSTAMPED).equals(other.finish(UNSTAMPED)), inPlace ? 'in place' : 'as bytes').toBe(true)
    }
  })

  test('a serializer that takes away what stands before its value', () => {
    const [one, other] = builders()
    for (const builder of [one, other]) builder.append(1, null, Buffer.from('v'), [])
    expect(() => one.appendInto(1000, null, Buffer.from('v'), taking, null, [])).toThrow('may not take away')
    expect(one.finish(UNSTAMPED).equals(other.finish(UNSTAMPED))).toBe(true)
  })
})

describe('removeLast', () => {
  test('takes the record away as if it had never been there', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(anyRecord, fc.boolean(), fc.boolean()), { maxLength: 8 }), records => {
        const one = new RecordBatchBuilder(Buffer.alloc(RECORDS_AT))
        const other = new RecordBatchBuilder(Buffer.alloc(RECORDS_AT))
        for (const [record, inPlace, taken] of records) {
          add(one, record, inPlace)
          if (taken) one.removeLast()
          else add(other, record, false)
        }
        if (other.recordCount > 0) expect(one.finish(UNSTAMPED).equals(other.finish(UNSTAMPED))).toBe(true)
        expect(one.recordCount).toBe(other.recordCount)
      }),
    )
  })

  test('works once', () => {
    const builder = new RecordBatchBuilder(Buffer.alloc(RECORDS_AT))
    builder.append(1, null, null, [])
    builder.append(2, null, null, [])
    builder.removeLast()
    expect(() => builder.removeLast()).toThrow('only the last record can be taken away, once')
  })
})

test('what is written is read back', () => {
  fc.assert(
    fc.property(fc.array(anyRecord, { minLength: 1, maxLength: 10 }), fc.boolean(), (records, compressed) => {
      const builder = new RecordBatchBuilder(Buffer.alloc(RECORDS_AT))
      for (const record of records) builder.append(record.timestamp, record.key, record.value, record.headers)
      const batch = builder.finish(UNSTAMPED, compressed ? gzipCodec : undefined)
      const view = new RecordBatchView(batch)
      expect(view.isCrcValid()).toBe(true)
      expect(view.recordCount).toBe(records.length)
      expect(view.maxTimestamp).toBe(Math.max(...records.map(({ timestamp }) => timestamp)))
      expect(view.isCompressed).toBe(compressed)
      expect(plain(read(batch))).toEqual(plain(records))
    }),
  )
})

describe('finish', () => {
  test('may be called again with another stamp, as for a batch that is sent again under a new producer id', () => {
    const builder = new RecordBatchBuilder(Buffer.alloc(RECORDS_AT))
    builder.append(1000, null, Buffer.from('a'), [])
    builder.finish({ producerId: 1, producerEpoch: 0, baseSequence: 5 })
    const view = new RecordBatchView(builder.finish({ producerId: 2, producerEpoch: 3, baseSequence: 0 }))
    expect([view.producerId, view.producerEpoch, view.baseSequence, view.isCrcValid()]).toEqual([2, 3, 0, true])
  })

  test('does not compress nothing', () => {
    const view = new RecordBatchView(new RecordBatchBuilder(Buffer.alloc(RECORDS_AT)).finish(UNSTAMPED, gzipCodec))
    expect([view.sizeBytes, view.recordCount, view.isCompressed]).toEqual([RECORDS_AT, 0, false])
  })

  test('stampBatch changes the stamp of a finished batch, and the CRC with it', () => {
    const builder = new RecordBatchBuilder(Buffer.alloc(RECORDS_AT))
    builder.append(1000, null, Buffer.from('a'), [])
    const batch = builder.finish(UNSTAMPED)
    stampBatch(batch, { producerId: 2 ** 53 - 1, producerEpoch: 7, baseSequence: 0x7fff_ffff })
    const view = new RecordBatchView(batch)
    expect([view.producerId, view.producerEpoch, view.baseSequence]).toEqual([2 ** 53 - 1, 7, 0x7fff_ffff])
    expect(view.isCrcValid()).toBe(true)
  })
})

test('a buffer without room for the header is a bug of the caller', () => {
  expect(() => new RecordBatchBuilder(Buffer.alloc(RECORDS_AT - 1))).toThrow('a batch needs room for its header')
})

test('sizeOfSingleRecordBatch is the size of the batch that holds just this record', () => {
  fc.assert(
    fc.property(anyRecord, ({ timestamp, key, value, headers }) => {
      const builder = new RecordBatchBuilder(Buffer.alloc(RECORDS_AT))
      builder.append(timestamp, key, value, headers)
      expect(sizeOfSingleRecordBatch(key, value, headers)).toBe(builder.finish(UNSTAMPED).length)
    }),
  )
})

test('sequences wrap from the largest int32 to 0', () => {
  expect(sequenceAfter(5, 3)).toBe(8)
  expect(sequenceAfter(0x7fff_ffff, 1)).toBe(0)
  expect(sequenceAfter(0x7fff_fffe, 3)).toBe(1)
})
