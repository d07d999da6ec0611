import { KafkaError } from '@logwerk/runtime'
import { describe, expect, test } from 'vitest'
import { formatFieldPath, SerdeError } from './serde-error.ts'

describe('SerdeError', () => {
  test('is a KafkaError whose code stays the same and whose reason says more', () => {
    const cause = new Error('inner')
    const error = new SerdeError('VALIDATION', 'too small', { path: 'items[2]', schemaId: 7, cause, retriable: true })
    expect(error).toBeInstanceOf(KafkaError)
    expect(error).toMatchObject({ name: 'SerdeError', code: 'SERDE_FAILED', reason: 'VALIDATION', detail: 'too small' })
    expect(error).toMatchObject({ path: 'items[2]', schemaId: 7, cause, retriable: true, at: {}, isKey: undefined })
    expect(new SerdeError('DECODE', 'm').retriable).toBe(false)
    expect(new KafkaError('SERDE_FAILED', 'm')).not.toBeInstanceOf(SerdeError)
  })

  test('puts the place and the path in front of the detail', () => {
    const at = { topic: 'orders', partition: 3, offset: 17 }
    expect(new SerdeError('DECODE', 'no', { at, isKey: false, path: 'a.b' }).message).toBe(
      'orders-3, offset 17, value: at a.b: no (DECODE)',
    )
    expect(new SerdeError('ENCODE', 'no', { at: { topic: 'orders' }, isKey: true }).message).toBe('topic orders, key: no (ENCODE)')
    expect(new SerdeError('TOO_SHORT', 'no', { path: '' }).message).toBe('no (TOO_SHORT)')
  })
})

test('formatFieldPath writes what one would write in TypeScript', () => {
  expect(formatFieldPath([])).toBe('')
  expect(formatFieldPath(['items', 2, 'price'])).toBe('items[2].price')
  expect(formatFieldPath([0, 'a b', 'größe', '7'])).toBe('[0]["a b"].größe["7"]')
})
