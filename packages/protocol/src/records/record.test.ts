import { headersOf } from '@logwerk/runtime'
import { expect, test } from 'vitest'
import { RecordBatchBuilder, UNSTAMPED } from './batch-builder.ts'
import { RECORDS_AT } from './batch-header.ts'
import { RecordBatchView } from './batch-view.ts'
import { testCodecs } from './record-batches.test-support.ts'

function recordOf(key: string | null, value: string | null, headers: Parameters<typeof headersOf>[0] = []) {
  const builder = new RecordBatchBuilder(Buffer.alloc(RECORDS_AT))
  builder.append(1000, key === null ? null : Buffer.from(key), value === null ? null : Buffer.from(value), headersOf(headers))
  const view = new RecordBatchView(builder.finish(UNSTAMPED))
  return { view, record: view.records(view.payload(testCodecs))[0]! }
}

test('key and value are views of the batch, not copies', () => {
  const { view, record } = recordOf('key', 'value')
  const { key, value } = record
  expect(key?.buffer).toBe(view.bytes.buffer)
  expect(value?.buffer).toBe(view.bytes.buffer)
  view.bytes.fill('x', RECORDS_AT)
  expect([String(key), String(value)]).toEqual(['xxx', 'xxxxx'])
})

test('null and empty are not the same', () => {
  expect(recordOf(null, '').record).toMatchObject({ key: null, value: Buffer.alloc(0) })
  expect(recordOf('', null).record).toMatchObject({ key: Buffer.alloc(0), value: null })
})

test('headers keep their order and duplicates, and null values', () => {
  const headers = [
    { key: 'b', value: Buffer.from('1') },
    { key: 'a', value: null },
    { key: 'b', value: Buffer.alloc(0) },
    { key: 'schlüssel-🦊', value: Buffer.from('2') },
    { key: '', value: Buffer.from('3') },
  ]
  const { record } = recordOf(null, null, headers)
  expect(record.headers).toEqual(headers)
})

test('without headers there is no list to make', () => {
  const { record } = recordOf(null, null)
  expect(record.headers).toBe(recordOf(null, null).record.headers)
})
