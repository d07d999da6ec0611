import { SerdeError } from '@logwerk/serde'
import { describe, expect, expectTypeOf, test } from 'vitest'
import { avro } from './avro.ts'

const hexOf = (data: Uint8Array) => Buffer.from(data).toString('hex')

describe('a union whose branches differ in kind', () => {
  const everything = avro([
    'null',
    'boolean',
    'int',
    'long',
    'string',
    'bytes',
    { type: 'array', items: 'int' },
    { type: 'map', values: 'int' },
  ])

  test('has its values stand for themselves', () => {
    const values = [null, true, 5, 5n, 'a', Buffer.from([1]), [1], { a: 1 }]
    for (const [index, value] of values.entries()) {
      const data = everything.serialize(value)
      expect(data[0]).toBe(index * 2)
      expect(everything.deserialize(data)).toEqual(value)
    }
    expectTypeOf(everything.deserialize).returns.toEqualTypeOf<
      null | boolean | number | bigint | string | Uint8Array | number[] | { [key: string]: number }
    >()
  })

  test('refuses what is of none, with the right branch looked into', () => {
    expect(() => everything.serialize(undefined as never)).toThrow(
      'one of null, boolean, int, long (a bigint), string, bytes, array, map is expected',
    )
    expect(() => everything.serialize(1.5)).toThrow('an int (an integer in [-2^31, 2^31)) is expected, and this is the number 1.5')
    expect(() => everything.serialize([1, 'a' as unknown as number])).toThrow('at [1]: an int')
  })

  test('says what its branches take', () => {
    const at = avro(['null', { type: 'long', logicalType: 'timestamp-millis' }])
    expect(() => at.serialize(5 as never)).toThrow('one of null, a Date is expected, and this is the number 5')
  })

  test('tells a date from what else there is', () => {
    const serde = avro(['string', { type: 'long', logicalType: 'timestamp-millis' }, { type: 'record', name: 'R', fields: [] }])
    for (const value of ['a', new Date(5), {}]) expect(serde.deserialize(serde.serialize(value))).toEqual(value)
  })
})

describe('a union with two branches of one kind', () => {
  const payment = avro({
    type: 'record',
    name: 'shop.Payment',
    fields: [
      {
        name: 'by',
        type: [
          'null',
          { type: 'record', name: 'Card', fields: [{ name: 'number', type: 'string' }] },
          { type: 'record', name: 'Cash', fields: [] },
          'int',
        ],
        default: null,
      },
      { name: 'backup', type: ['Card', 'Cash'] },
    ],
  })

  test('has its values wrapped in the names of the branches, null apart', () => {
    const value = { by: { 'shop.Card': { number: '4711' } }, backup: { 'shop.Cash': {} } }
    expect(hexOf(payment.serialize(value))).toBe('02083437313102')
    expect(payment.deserialize(payment.serialize(value))).toEqual(value)
    expect(payment.deserialize(payment.serialize({ backup: value.backup }))).toEqual({ by: null, backup: value.backup })
    expect(payment.deserialize(payment.serialize({ by: { int: 5 }, backup: value.backup })).by).toEqual({ int: 5 })
    expectTypeOf<ReturnType<typeof payment.deserialize>['by']>().toEqualTypeOf<
      // biome-ignore lint/complexity/noBannedTypes: a record without fields is just that
      { 'shop.Card': { number: string } } | { 'shop.Cash': {} } | { int: number } | null
    >()
  })

  test('refuses a bare value, an unknown name, two at once, and looks into the branch', () => {
    const backup = { 'shop.Cash': {} }
    const failing = (by: unknown) => {
      try {
        payment.serialize({ by, backup } as Parameters<typeof payment.serialize>[0])
      } catch (error) {
        return error as SerdeError
      }
      throw new Error('it did not fail')
    }
    for (const by of [{ number: '1' }, { Card: { number: '1' } }, { constructor: 1 }, { 'shop.Card': { number: '1' }, int: 5 }, 5]) {
      expect(failing(by)).toBeInstanceOf(SerdeError)
      expect(failing(by)).toMatchObject({
        path: 'by',
        detail: expect.stringContaining('one of null, { "shop.Card": … }, { "shop.Cash": … }, { "int": … }'),
      })
    }
    expect(failing({ 'shop.Card': { number: 5 } })).toMatchObject({ path: 'by["shop.Card"].number' })
  })
})

test('the rule is about the schema: the same union is plain or wrapped by its branches', () => {
  expectTypeOf(avro(['int', 'long']).deserialize).returns.toEqualTypeOf<number | bigint>()
  expect(avro(['int', 'long']).deserialize(avro(['int', 'long']).serialize(5n))).toBe(5n)
  const wrapped = avro(['int', 'double'])
  expectTypeOf(wrapped.deserialize).returns.toEqualTypeOf<{ int: number } | { double: number }>()
  expect(wrapped.deserialize(wrapped.serialize({ double: 5 }))).toEqual({ double: 5 })
  const date = avro(['string', { type: 'int', logicalType: 'date' }])
  expect(date.deserialize(date.serialize({ int: '2026-11-21' }))).toEqual({ int: '2026-11-21' })
})
