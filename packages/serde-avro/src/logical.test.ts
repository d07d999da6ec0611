import { SerdeError } from '@logwerk/serde'
import fc from 'fast-check'
import { describe, expect, expectTypeOf, test } from 'vitest'
import { avro } from './avro.ts'
import type { AvroSchema } from './avro-schema.ts'

const hexOf = (data: Uint8Array) => Buffer.from(data).toString('hex')
const refused = (schema: AvroSchema, ...values: unknown[]) => {
  for (const value of values) expect(() => avro<unknown>(schema).serialize(value), String(value)).toThrow(SerdeError)
}

test('timestamp-millis is a Date', () => {
  const serde = avro({ type: 'long', logicalType: 'timestamp-millis' })
  fc.assert(fc.property(fc.date({ noInvalidDate: true }), value => void expect(serde.deserialize(serde.serialize(value))).toEqual(value)))
  expect(hexOf(serde.serialize(new Date(-1)))).toBe('01')
  refused({ type: 'long', logicalType: 'timestamp-millis' }, 5n, '2026-11-21', new Date(Number.NaN))
  const beyond = avro('long').serialize(8_640_000_000_000_001n)
  expect(() => serde.deserialize(beyond)).toThrow('8640000000000001 ms since 1970 is beyond the range of a Date')
})

test('date is text of a day', () => {
  const schema = { type: 'int', logicalType: 'date' } as const
  const serde = avro(schema)
  for (const [text, days] of [
    ['1970-01-01', 0],
    ['1969-12-31', -1],
    ['2024-02-29', 19782],
    ['+275760-09-13', 100_000_000],
  ] as const) {
    expect(avro('int').deserialize(serde.serialize(text)), text).toBe(days)
    expect(serde.deserialize(avro('int').serialize(days)), text).toBe(text)
  }
  refused(schema, '2025-02-29', '2026-1-1', '2026-11-21T00:00:00Z', '', new Date(0), 5)
  expect(() => serde.deserialize(avro('int').serialize(2 ** 31 - 1))).toThrow('2147483647 days since 1970 is beyond')
})

describe('decimal', () => {
  const money = { type: 'bytes', logicalType: 'decimal', precision: 6, scale: 2 } as const

  test('is text with the digits of its scale, over bytes and over a fixed type', () => {
    const serde = avro(money)
    // What Java's BigDecimal gives: the unscaled value in the fewest bytes, two's complement.
    const cases = [
      ['0.00', '0200'],
      ['0.01', '0201'],
      ['1.27', '027f'],
      ['1.28', '040080'],
      ['-0.01', '02ff'],
      ['-1.28', '0280'],
      ['-1.29', '04ff7f'],
      ['9999.99', '060f423f'],
    ] as const
    for (const [text, hex] of cases) {
      expect(hexOf(serde.serialize(text)), text).toBe(hex)
      expect(serde.deserialize(Buffer.from(hex, 'hex')), hex).toBe(text)
    }
    const fixed = avro({ type: 'fixed', name: 'D', size: 4, logicalType: 'decimal', precision: 6, scale: 2 })
    expect(hexOf(fixed.serialize('-1.5'))).toBe('ffffff6a')
    expect(fixed.deserialize(fixed.serialize('-1.5'))).toBe('-1.50')
    expectTypeOf(serde.deserialize).returns.toEqualTypeOf<string>()
  })

  test('takes shorter and longer forms of the same number, and nothing that it cannot keep', () => {
    const serde = avro(money)
    const back = (text: string) => serde.deserialize(serde.serialize(text))
    expect(['5', '+5.', '005.1', '-0', '1.500'].map(back)).toEqual(['5.00', '5.00', '5.10', '0.00', '1.50'])
    refused(money, '1.234', '12345', '10000.00', '', '.', '.5', '1e3', 'NaN', ' 1', 1.5, 5n, null)
    const error = (() => {
      try {
        serde.serialize('1.234')
      } catch (thrown) {
        return (thrown as SerdeError).detail
      }
    })()
    expect(error).toBe(
      'a decimal like "12.34" with at most 6 digits, 2 of them behind the point is expected, and this is the string "1.234"',
    )
  })

  test('comes back, whatever its size', () => {
    const serde = avro({ type: 'bytes', logicalType: 'decimal', precision: 40, scale: 10 })
    const fixed = avro({ type: 'fixed', name: 'F', size: 17, logicalType: 'decimal', precision: 40, scale: 10 })
    fc.assert(
      fc.property(fc.bigInt({ min: -(10n ** 30n) + 1n, max: 10n ** 30n - 1n }), fc.stringMatching(/^\d{10}$/), (whole, fraction) => {
        const text = `${whole}.${fraction}`
        expect(serde.deserialize(serde.serialize(text))).toBe(text)
        expect(fixed.deserialize(fixed.serialize(text))).toBe(text)
      }),
    )
  })

  test('of many more bytes than its digits need is refused before it is turned into digits', () => {
    const of = (sizeBytes: number) => avro('bytes').serialize(Buffer.alloc(sizeBytes, 0))
    expect(avro(money).deserialize(of(11))).toBe('0.00')
    expect(() => avro(money).deserialize(of(12))).toThrow('a decimal of 6 digits does not have 12 bytes')
    // It would keep a machine busy for minutes.
    expect(() => avro(money).deserialize(of(16_000_000))).toThrow('does not have 16000000 bytes')
    const wide = avro({ type: 'bytes', logicalType: 'decimal', precision: 1000 })
    expect(wide.deserialize(wide.serialize(`-${'9'.repeat(1000)}`))).toBe(`-${'9'.repeat(1000)}`)
  })

  test('needs sound attributes', () => {
    const of = (attributes: object) => () => avro({ type: 'bytes', logicalType: 'decimal', ...attributes })
    expect(of({ precision: 0 })).toThrow('a decimal has a precision of at least 1')
    expect(of({ precision: 2, scale: 3 })).toThrow('not 2 and 3')
    expect(of({ precision: 2, scale: -1 })).toThrow('scale in [0, precision]')
    expect(() => avro({ type: 'fixed', name: 'F', size: 4, logicalType: 'decimal', precision: 10 })).toThrow(
      '10 digits does not fit into 4 bytes',
    )
    expect(avro({ type: 'fixed', name: 'F', size: 4, logicalType: 'decimal', precision: 9 }).deserialize(Buffer.alloc(4))).toBe('0')
    expect(() => avro(money).deserialize(Buffer.of(0))).toThrow('a decimal has at least one byte')
  })
})

test('uuid is text, over text and over 16 bytes', () => {
  const id = '123e4567-e89b-12d3-a456-426614174000'
  const text = avro({ type: 'string', logicalType: 'uuid' })
  expect(text.deserialize(text.serialize(id))).toBe(id)
  const bytes = avro({ type: 'fixed', name: 'U', size: 16, logicalType: 'uuid' })
  expect(hexOf(bytes.serialize(id))).toBe(id.replaceAll('-', ''))
  expect(bytes.deserialize(bytes.serialize(id))).toBe(id)
  refused({ type: 'string', logicalType: 'uuid' }, 'x', 5, `${id}0`)
  refused({ type: 'fixed', name: 'U', size: 16, logicalType: 'uuid' }, 'x', new Uint8Array(16))
})

test('duration is three numbers', () => {
  const schema = { type: 'fixed', name: 'T', size: 12, logicalType: 'duration' } as const
  const serde = avro(schema)
  const value = { months: 1, days: 2, milliseconds: 2 ** 32 - 1 }
  expect(hexOf(serde.serialize(value))).toBe('0100000002000000ffffffff')
  expect(serde.deserialize(serde.serialize(value))).toEqual(value)
  refused(schema, { months: 1, days: 2 }, { ...value, days: -1 }, { ...value, days: 1.5 }, 'P1M', null)
})

test('a logical type may be named and used again, in unions and as a default', () => {
  const serde = avro({
    type: 'record',
    name: 'R',
    fields: [
      { name: 'id', type: { type: 'fixed', name: 'Id', size: 16, logicalType: 'uuid' } },
      { name: 'parent', type: ['null', 'Id'] },
      { name: 'day', type: { type: 'int', logicalType: 'date' }, default: 1 },
      { name: 'at', type: ['null', { type: 'long', logicalType: 'timestamp-millis' }], default: null },
    ],
  })
  const id = '123e4567-e89b-12d3-a456-426614174000'
  expect(serde.deserialize(serde.serialize({ id, parent: id }))).toEqual({ id, parent: id, day: '1970-01-02', at: null })
  const at = new Date(5)
  expect(serde.deserialize(serde.serialize({ id, parent: null, at })).at).toEqual(at)
  expect(() => serde.serialize({ id, parent: 'x' })).toThrow('at parent: a uuid like')
})

test('what is not converted is as it stands', () => {
  for (const [schema, value] of [
    [{ type: 'long', logicalType: 'timestamp-micros' }, 5n],
    [{ type: 'int', logicalType: 'time-millis' }, 5],
    [{ type: 'int', logicalType: 'timestamp-millis' }, 5],
    [{ type: 'string', logicalType: 'iban' }, 'a'],
    [{ type: 'bytes', logicalType: 'decimal' }, Buffer.of(1)],
    [{ type: 'fixed', name: 'U', size: 15, logicalType: 'uuid' }, Buffer.alloc(15)],
    [{ type: 'array', items: 'int', logicalType: 'set' }, [1]],
  ] as const) {
    const serde = avro<unknown>(schema)
    expect(serde.deserialize(serde.serialize(value)), schema.logicalType).toEqual(value)
  }
})
