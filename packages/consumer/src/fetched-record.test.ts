import { type MakeRecord, RECORDS_AT, RecordBatchBuilder, RecordBatchView, UNSTAMPED } from '@logwerk/protocol'
import { type Header, NO_HEADERS } from '@logwerk/runtime'
import type { Deserializer } from '@logwerk/serde'
import { describe, expect, test } from 'vitest'
import { plainBytes } from './bytes-deserializer.ts'
import { FetchedRecord, fetchedRecords } from './fetched-record.ts'

const bytes = (text: string) => Buffer.from(text)

/** The only record of a batch, and the memory of the batch. */
function recordWith<V>(
  value: Deserializer<V>,
  record: { key?: string | null; value?: string | null; headers?: { key: string; value: Buffer | null }[] } = {},
) {
  const { key = 'k', value: text = 'v', headers = [] } = record
  const builder = new RecordBatchBuilder(Buffer.alloc(RECORDS_AT))
  builder.append(7, key === null ? null : bytes(key), text === null ? null : bytes(text), headers)
  const memory = builder.finish(UNSTAMPED)
  const batch = new RecordBatchView(memory)
  const make: MakeRecord<FetchedRecord<Uint8Array, V>> = (bytes, _offset, timestamp, partsAt) =>
    new FetchedRecord('orders', 3, 12, timestamp, 'CreateTime', 5, { key: plainBytes, value }, bytes, partsAt)
  return { record: batch.recordsAs(batch.bytes.subarray(RECORDS_AT), make)[0]!, memory }
}

/** Text in capitals, counted. */
function counted() {
  const calls: unknown[] = []
  const deserializer: Deserializer<string> = {
    deserialize(data, { topic, isKey, headers }) {
      calls.push({ topic, isKey, headers })
      return Buffer.from(data).toString().toUpperCase()
    },
  }
  return { deserializer, calls }
}

describe('a value', () => {
  test('is decoded when it is first asked for, once, and told where it comes from', () => {
    const { deserializer, calls } = counted()
    const { record } = recordWith(deserializer, { headers: [{ key: 'h', value: bytes('1') }] })
    expect(calls).toEqual([])
    expect([record.value, record.value]).toEqual(['V', 'V'])
    expect(calls).toEqual([{ topic: 'orders', isKey: false, headers: [{ key: 'h', value: bytes('1') }] }])
  })

  test('that is null is not decoded: a tombstone, or a record without a key', () => {
    const { deserializer, calls } = counted()
    const { record } = recordWith(deserializer, { key: null, value: null })
    expect([record.key, record.value, record.keyBytes, record.valueBytes, calls.length]).toEqual([null, null, null, null, 0])
  })

  test('that cannot be decoded is the same error each time, and the bytes are at hand', () => {
    let calls = 0
    const { record } = recordWith({
      deserialize() {
        calls++
        throw new Error('no such schema')
      },
    })
    const errors = [0, 1].map(() => {
      try {
        return record.value
      } catch (error) {
        return error
      }
    })
    expect(errors[0]).toMatchObject({ code: 'SERDE_FAILED', at: { topic: 'orders', partition: 3, offset: 12 } })
    expect(errors[1]).toBe(errors[0])
    expect(calls).toBe(1)
    expect(`${record.valueBytes}`).toBe('v')
  })

  test('that is a promise is an error that says what to do', () => {
    const { record } = recordWith({ deserialize: () => Promise.reject(new Error('unheard')) })
    expect(() => record.value).toThrow('set "isAsync: true" on it')
  })

  test('that takes its time is decoded before, and a failure is kept for whoever asks', async () => {
    const later = (how: () => string): Deserializer<string> => ({ isAsync: true, deserialize: async () => how() })
    const { record } = recordWith(later(() => 'later'))
    await record.decodeLater()
    expect(record.value).toBe('later')
    const { record: bad } = recordWith(
      later(() => {
        throw new Error('the registry is gone')
      }),
    )
    await bad.decodeLater()
    expect(() => bad.value).toThrow('the registry is gone')
  })
})

describe('a copy', () => {
  test('has everything, and bytes of its own', () => {
    const headers = [
      { key: 'h', value: bytes('1') },
      { key: 'h', value: null },
    ]
    const { record, memory } = recordWith(plainBytes, { headers })
    const copy = record.copy()
    memory.fill(0xff)
    const { topic, partition, offset, timestamp, timestampType, leaderEpoch } = copy
    expect({ topic, partition, offset, timestamp, timestampType, leaderEpoch }).toEqual({
      topic: 'orders',
      partition: 3,
      offset: 12,
      timestamp: 7,
      timestampType: 'CreateTime',
      leaderEpoch: 5,
    })
    expect([`${copy.key}`, `${copy.value}`, copy.headers, copy.header('h')]).toEqual(['k', 'v', headers, null])
  })

  test('keeps a value that took its time to decode', async () => {
    const { record } = recordWith<string>({ isAsync: true, deserialize: async data => Buffer.from(data).toString() })
    await record.decodeLater()
    expect([record.copy().value, record.copy().copy().value]).toEqual(['v', 'v'])
  })
})

/** Adds a header to those it is shown, and answers how many there were. */
const adding: Deserializer<number> = {
  deserialize(_data, { headers }) {
    headers.push({ key: 'added', value: null })
    return headers.length - 1
  },
}
/** A record with a key and a value of one byte. */
const recordOf = (headers: readonly Header[], key = adding) => {
  const builder = new RecordBatchBuilder(Buffer.alloc(RECORDS_AT))
  builder.append(1, Buffer.of(1), Buffer.of(2), headers)
  const batch = new RecordBatchView(builder.finish(UNSTAMPED))
  return batch.recordsAs(batch.bytes.subarray(RECORDS_AT), fetchedRecords({ topic: 't', partition: 0 }, batch, { key, value: adding }))[0]!
}

test('what a deserializer adds to the headers, nobody sees', () => {
  const headers = [{ key: 'trace', value: Buffer.of(7) }]
  for (const record of [recordOf(headers), recordOf(headers).copy()]) {
    expect([record.key, record.value]).toEqual([1, 1])
    expect(record.headers).toEqual(headers)
  }
  // The list that all records without headers share, those that are written included.
  const bare = recordOf(NO_HEADERS)
  expect([bare.key, bare.value]).toEqual([0, 0])
  expect(bare.headers).toEqual([])
  expect(NO_HEADERS).toEqual([])
})

test('headers are decoded for a deserializer that looks at them, and for no other', () => {
  const length: Deserializer<number> = { deserialize: data => data.length }
  const record = recordOf([{ key: 'trace', value: null }], length)
  const { headers } = record
  let decodedCount = 0
  Object.defineProperty(record, 'headers', {
    get() {
      decodedCount++
      return headers
    },
  })
  expect(record.key).toBe(1)
  expect(decodedCount).toBe(0)
  expect(record.value).toBe(1)
  expect(decodedCount).toBe(1)
})
