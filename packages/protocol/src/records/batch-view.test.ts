import { KafkaError } from '@logwerk/runtime'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { RecordBatchBuilder, UNSTAMPED } from './batch-builder.ts'
import { RECORDS_AT } from './batch-header.ts'
import { batchesOf, nextBatch, RecordBatchView } from './batch-view.ts'
import { goldenBatches } from './golden-batches.test-support.ts'
import { anyRecord, batchOf, gzipCodec, patched, testCodecs, withPayload } from './record-batches.test-support.ts'

describe('reads what Kafka’s own builder writes', () => {
  test.each(goldenBatches)('the header: $name, $codec', golden => {
    const view = new RecordBatchView(golden.bytes)
    expect({
      codec: view.compressionType,
      baseOffset: view.baseOffset,
      lastOffset: view.lastOffset,
      partitionLeaderEpoch: view.partitionLeaderEpoch,
      crc: view.bytes.readUInt32BE(17),
      attributes: view.attributes,
      timestampType: view.isLogAppendTime ? 'LogAppendTime' : 'CreateTime',
      transactional: view.isTransactional,
      control: view.isControl,
      maxTimestamp: view.maxTimestamp,
      producerId: view.producerId,
      producerEpoch: view.producerEpoch,
      baseSequence: view.baseSequence,
      lastSequence: view.lastSequence,
      recordCount: view.recordCount,
      isCompressed: view.isCompressed,
      isCrcValid: view.isCrcValid(),
      magic: view.magic,
    }).toEqual({
      codec: golden.codec,
      baseOffset: golden.baseOffset,
      lastOffset: golden.lastOffset,
      partitionLeaderEpoch: golden.partitionLeaderEpoch,
      crc: golden.crc,
      attributes: golden.attributes,
      timestampType: golden.timestampType,
      transactional: golden.transactional,
      control: golden.control,
      maxTimestamp: golden.maxTimestamp,
      producerId: golden.producerId,
      producerEpoch: golden.producerEpoch,
      baseSequence: golden.baseSequence,
      lastSequence: golden.lastSequence,
      recordCount: golden.records.length,
      isCompressed: golden.codec !== 'none',
      isCrcValid: true,
      magic: 2,
    })
    expect(view.nextOffset).toBe(golden.lastOffset + 1)
    expect(view.hasProducerId).toBe(golden.producerId >= 0)
    // Kafka's accessor gives the delete horizon's batches another base; in the header there is one field.
    expect(view.baseTimestamp).toBe(golden.deleteHorizonMs ?? golden.baseTimestamp)
  })

  // Compressed ones with every codec: packages/simulation.
  test.each(goldenBatches.filter(({ codec }) => codec === 'none' || codec === 'gzip'))('the records: $name, $codec', golden => {
    const view = new RecordBatchView(golden.bytes)
    const records = view.records(view.payload(testCodecs))
    expect(
      records.map(({ offset, timestamp, key, value, headers }) => ({
        offset,
        timestamp,
        key,
        value,
        headers: headers.map(header => ({ key: header.key, value: header.value })),
      })),
    ).toEqual(golden.records.map(({ timestampDelta: _, ...record }) => record))
  })
})

describe('records', () => {
  test('LogAppendTime: every record’s timestamp is maxTimestamp', () => {
    const batch = patched(batchOf([{ timestamp: 5 }, { timestamp: 9 }]), bytes => {
      bytes.writeInt16BE(8, 21)
      bytes.writeBigInt64BE(1234n, 35)
    })
    const view = new RecordBatchView(batch)
    expect(view.records(view.payload(testCodecs)).map(({ timestamp }) => timestamp)).toEqual([1234, 1234])
  })

  test('a codec that does not exist, or is not installed', () => {
    const withCodec = (id: number) => new RecordBatchView(patched(batchOf([{}]), bytes => bytes.writeInt16BE(id, 21)))
    expect(() => withCodec(5).payload(testCodecs)).toThrow('Compression type 5 does not exist')
    expect(() => withCodec(4).payload(testCodecs)).toThrow('there is no zstd here')
  })

  test('no more is decompressed than allowed', () => {
    const view = new RecordBatchView(batchOf([{ value: 'x'.repeat(1000) }], {}, gzipCodec))
    expect(() => view.payload(testCodecs, 500)).toThrow(expect.objectContaining({ code: 'MESSAGE_TOO_LARGE' }))
  })

  test('a header beyond 2^53 is an error that says so', () => {
    const view = new RecordBatchView(patched(batchOf([{}]), bytes => bytes.writeBigInt64BE(2n ** 62n, 43)))
    expect(() => view.producerId).toThrow('a batch header holds 4611686018427387904, which is beyond 2^53')
  })

  test.each<readonly [string, Buffer, string]>([
    [
      'a count that lies does not allocate',
      patched(batchOf([{}]), bytes => bytes.writeInt32BE(0x7fff_ffff, 57)),
      '2147483647 records do not fit',
    ],
    ['a negative count', patched(batchOf([{}]), bytes => bytes.writeInt32BE(-1, 57)), '-1 records do not fit'],
    [
      'bytes left over',
      withPayload(batchOf([{}]), Buffer.concat([batchOf([{}]).subarray(RECORDS_AT), Buffer.alloc(3)])),
      '3 bytes are left',
    ],
    [
      'a last offset beyond 2^53',
      patched(batchOf([{}, {}]), bytes => bytes.writeBigInt64BE(2n ** 53n - 1n, 0)),
      'its last offset is beyond 2^53',
    ],
    [
      'a timestamp beyond 2^53, where base and delta are not',
      patched(batchOf([{ timestamp: 5 }, { timestamp: 5 + 2 ** 52 }]), bytes => bytes.writeBigInt64BE(2n ** 53n - 1n, 27)),
      'record 1 of 2 is malformed',
    ],
    ['an offset outside the batch', patched(batchOf([{}, {}]), bytes => bytes.writeInt32BE(0, 23)), 'record 1 of 2 is malformed'],
  ])('%s', (_name, batch, message) => {
    const view = new RecordBatchView(batch)
    expect(() => view.records(view.payload(testCodecs))).toThrow(message)
  })
})

describe('hostile bytes', () => {
  const batch = (() => {
    const builder = new RecordBatchBuilder(Buffer.alloc(RECORDS_AT))
    for (const record of fc.sample(anyRecord, { seed: 7, numRuns: 6 }))
      builder.append(record.timestamp, record.key, record.value, record.headers)
    return builder.finish(UNSTAMPED)
  })()

  /** Reads everything there is to read. */
  function readAll(bytes: Buffer): number {
    const view = new RecordBatchView(bytes)
    let sum = view.baseOffset + view.maxTimestamp
    for (const record of view.records(view.payload(testCodecs))) {
      sum += record.offset + (record.key?.length ?? 0) + (record.value?.length ?? 0)
      for (const header of record.headers) sum += header.key.length + (header.value?.length ?? 0)
    }
    return sum
  }

  const damaged = fc.array(fc.tuple(fc.integer({ min: 0, max: batch.length - 1 }), fc.integer({ min: 0, max: 255 })), {
    minLength: 1,
    maxLength: 4,
  })

  test('any change of any byte gives records or CORRUPT_MESSAGE', () => {
    fc.assert(
      fc.property(damaged, changes => {
        const bytes = Buffer.from(batch)
        for (const [at, value] of changes) bytes[at] = value
        // The codec is not what is tested here.
        bytes[22] = bytes[22]! & 0xf8
        try {
          readAll(bytes)
        } catch (error) {
          expect(error).toBeInstanceOf(KafkaError)
          expect((error as KafkaError).code).toBe('CORRUPT_MESSAGE')
        }
      }),
      { numRuns: Number(process.env['LOGWERK_SEEDS'] ?? 2000) },
    )
  })

  test('any payload gives records or CORRUPT_MESSAGE', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.integer({ min: -1, max: 30 }), (payload, recordCount) => {
        const bytes = Buffer.concat([batch.subarray(0, RECORDS_AT), payload])
        bytes.writeInt32BE(recordCount, 57)
        try {
          readAll(bytes)
        } catch (error) {
          expect((error as KafkaError).code).toBe('CORRUPT_MESSAGE')
        }
      }),
      { numRuns: Number(process.env['LOGWERK_SEEDS'] ?? 2000) },
    )
  })
})

describe('batchesOf', () => {
  const one = batchOf([{ value: 'a' }])
  const two = batchOf([{ value: 'b' }, { value: 'c' }])
  const both = Buffer.concat([one, two])

  test('gives the whole ones, and leaves out the last where it is cut short, wherever', () => {
    for (let length = 0; length <= both.length; length++) {
      const found = [...batchesOf(both.subarray(0, length))].map(view => view.recordCount)
      expect(found, `${length} bytes`).toEqual(length < one.length ? [] : length < both.length ? [1] : [1, 2])
    }
  })

  test('takes any bytes, not only buffers', () => {
    const bytes = new Uint8Array(both.length + 8)
    bytes.set(both, 4)
    expect([...batchesOf(bytes.subarray(4, 4 + both.length))].map(view => view.sizeBytes)).toEqual([one.length, two.length])
  })

  test.each([-1, 0, 48, -0x8000_0000])('a length of %i cannot be a batch, and does not loop', length => {
    const bytes = Buffer.from(both)
    bytes.writeInt32BE(length, one.length + 8)
    expect(() => [...batchesOf(bytes)]).toThrow(`byte ${one.length}: a batch of ${length} bytes is smaller than its header`)
  })

  test.each([0, 1])('format %i, from before Kafka 0.11, has an error of its own, also where it is smaller than a batch', magic => {
    // A message of this format with neither key nor value: offset, size, CRC, format, attributes, (timestamp,) two lengths of -1.
    const message = Buffer.alloc(26 + 8 * magic)
    message.writeInt32BE(message.length - 12, 8)
    message.writeInt8(magic, 16)
    message.fill(0xff, message.length - 8)
    for (const bytes of [message, Buffer.concat([message, message, message]), Buffer.concat([one, message])]) {
      expect(() => [...batchesOf(bytes)]).toThrow(
        expect.objectContaining({ code: 'UNSUPPORTED_FOR_MESSAGE_FORMAT', message: expect.stringContaining(`have format ${magic}`) }),
      )
    }
  })

  test('format 3 does not exist', () => {
    expect(() => [...batchesOf(patched(one, bytes => bytes.writeInt8(3, 16)))]).toThrow('record format 3 does not exist')
  })

  test('a batch that ends before it begins is corrupt: a reader would stay where it is for ever', () => {
    expect(() => [...batchesOf(patched(one, bytes => bytes.writeInt32BE(-1, 23)))]).toThrow('last offset is before its first')
  })

  test('nextBatch finds the batch at a place', () => {
    expect(nextBatch(both, one.length)?.recordCount).toBe(2)
    expect(nextBatch(both, both.length)).toBeNull()
  })
})
