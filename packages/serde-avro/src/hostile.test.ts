import { SerdeError } from '@logwerk/serde'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { avro } from './avro.ts'
import type { AvroSchema } from './avro-schema.ts'

const fromHex = (hex: string) => new Uint8Array(Buffer.from(hex.replaceAll(' ', ''), 'hex'))
const varint = (value: bigint) => avro('long').serialize(value).toString('hex')

const everything = {
  type: 'record',
  name: 'R',
  fields: [
    { name: 'longs', type: { type: 'array', items: 'long' } },
    { name: 'map', type: { type: 'map', values: ['null', 'string', 'R'] } },
    { name: 'union', type: ['null', 'int', 'double', { type: 'enum', name: 'E', symbols: ['A', 'B'] }] },
    { name: 'nulls', type: { type: 'array', items: 'null' } },
    { name: 'decimal', type: ['null', { type: 'bytes', logicalType: 'decimal', precision: 5 }] },
    { name: 'at', type: { type: 'long', logicalType: 'timestamp-millis' } },
    { name: 'deep', type: { type: 'array', items: { type: 'array', items: 'R' } } },
  ],
} as const satisfies AvroSchema

function readOrRefused(reader: { deserialize(data: Uint8Array): unknown }, data: Uint8Array): void {
  try {
    reader.deserialize(data)
  } catch (error) {
    expect(error).toBeInstanceOf(SerdeError)
  }
}

test('whatever the bytes are, reading ends in a value or in a SerdeError', () => {
  const readers = [
    avro(everything),
    avro({ type: 'record', name: 'R', fields: [{ name: 'at', type: 'long' }] } as const, { writer: everything }),
    avro<unknown>(everything, { framing: 'single-object' }),
    avro({ type: 'array', items: { type: 'fixed', name: 'F', size: 3 } }),
  ]
  const interesting = fc.constantFrom(0, 1, 2, 3, 4, 0x7f, 0x80, 0xff, 0xfe)
  const bytes = fc.array(fc.oneof(interesting, fc.nat(255)), { maxLength: 60 })
  for (const reader of readers)
    fc.assert(
      fc.property(bytes, data => readOrRefused(reader, Uint8Array.from(data))),
      { numRuns: Number(process.env['LOGWERK_SEEDS'] ?? 500) },
    )
})

test('data with single bytes changed is read or refused', () => {
  const serde = avro(everything)
  const value = { longs: [1n, 2n], map: { a: 'b' }, union: { int: 5 }, nulls: [null], decimal: '5', at: new Date(5), deep: [] }
  const data = serde.serialize(value)
  for (let at = 0; at < data.length; at++) {
    for (const byte of [0, 1, 0x7f, 0x80, 0xff]) readOrRefused(serde, data.with(at, byte))
  }
})

describe('counts that lie', () => {
  const longs = avro({ type: 'array', items: 'long' })
  const map = avro({ type: 'map', values: 'double' })

  test('cost neither memory nor time', () => {
    expect(() => longs.deserialize(fromHex(`${varint(2n ** 40n)} 02`))).toThrow(
      'a block says that it has 1099511627776 elements, and 1 bytes are left',
    )
    expect(() => longs.deserialize(fromHex(`${varint(2n ** 62n)} 02`))).toThrow('elements, and 1 bytes are left')
    expect(() => longs.deserialize(fromHex(`${varint(-(2n ** 40n))} 02 02`))).toThrow('1099511627776 elements, and 1 bytes are left')
    // Beyond 2^53 avsc's numbers are not exact any more, and large enough all the same.
    expect(() => longs.deserialize(fromHex(`${varint(-(2n ** 63n))} 02 02`))).toThrow('bytes are left')
    // Two entries of a key and eight bytes do not fit into eleven.
    expect(() => map.deserialize(fromHex(`04 ${'00'.repeat(11)}`))).toThrow('2 elements, and 11 bytes are left')
    expect(() => longs.deserialize(fromHex('ff'.repeat(200)))).toThrow(SerdeError)
  })

  test('are bounded also where the elements take no bytes', () => {
    const nulls = avro({ type: 'array', items: 'null' })
    expect(nulls.deserialize(fromHex(`${varint(65_536n)} 00`))).toHaveLength(65_536)
    // The bound is on a value, not on all that is ever read.
    expect(nulls.deserialize(fromHex(`${varint(65_536n)} 00`))).toHaveLength(65_536)
    expect(() => nulls.deserialize(fromHex(`${varint(65_537n)} 00`))).toThrow('more than 65536 elements that take no bytes')
    expect(() => nulls.deserialize(fromHex(`${varint(65_000n)} ${varint(65_000n)} 00`))).toThrow('more than 65536')
    const empty = avro({ type: 'array', items: { type: 'record', name: 'E', fields: [{ name: 'n', type: 'null' }] } })
    expect(() => empty.deserialize(fromHex(`${varint(2n ** 50n)} 00`))).toThrow('more than 65536')
  })

  test('are found in what is skipped too', () => {
    const writer = {
      type: 'record',
      name: 'R',
      fields: [
        { name: 'gone', type: { type: 'array', items: 'null' } },
        { name: 'n', type: 'int' },
      ],
    } as const
    const reader = avro({ type: 'record', name: 'R', fields: [{ name: 'n', type: 'int' }] }, { writer })
    expect(reader.deserialize(fromHex('04 00 0a'))).toEqual({ n: 5 })
    expect(reader.deserialize(fromHex('03 00 00 0a'))).toEqual({ n: 5 })
    expect(() => reader.deserialize(fromHex(`${varint(2n ** 50n)} 00 0a`))).toThrow('more than 65536')
    // A block that says it ends before it begins would be read for ever.
    expect(() => reader.deserialize(fromHex(`01 ${varint(-2n)} 00 0a`))).toThrow('a block says that it has -2 bytes')
    expect(() => reader.deserialize(fromHex(`01 ${varint(500n)} 00 0a`))).toThrow('a block says that it has 500 bytes')
    const skipsMap = avro(
      { type: 'record', name: 'R', fields: [] },
      {
        writer: { type: 'record', name: 'R', fields: [{ name: 'gone', type: { type: 'map', values: ['null', 'int'] } }] },
      },
    )
    expect(skipsMap.deserialize(fromHex('04 02 61 00 02 62 02 0a 00'))).toEqual({})
    expect(() => skipsMap.deserialize(fromHex('02 02 61 08 00'))).toThrow('a union has no branch 4')
    expect(() => skipsMap.deserialize(fromHex(`${varint(2n ** 50n)} 02 61 00 00`))).toThrow('elements, and 4 bytes are left')
  })

  test('are measured by what the writer wrote, not by what the reader makes of it', () => {
    const reader = avro({ type: 'array', items: 'double' }, { writer: { type: 'array', items: 'int' } })
    expect(reader.deserialize(fromHex('06 02 04 06 00'))).toEqual([1, 2, 3])
    const maps = avro({ type: 'map', values: 'double' }, { writer: { type: 'map', values: 'int' } })
    expect(maps.deserialize(fromHex('02 02 61 02 00'))).toEqual({ a: 1 })
  })
})

test('nesting without end is refused', () => {
  const list = avro({ type: 'record', name: 'L', fields: [{ name: 'next', type: ['null', 'L'] }] })
  expect(() => list.deserialize(Buffer.alloc(1_000_000, 2))).toThrow('nested too deeply')
  const endless = avro<unknown>({ type: 'record', name: 'L', fields: [{ name: 'next', type: 'L' }] })
  expect(() => endless.deserialize(new Uint8Array())).toThrow('nested too deeply')
  const inArrays = avro<unknown>({ type: 'record', name: 'L', fields: [{ name: 'all', type: { type: 'array', items: 'L' } }] })
  expect(() => inArrays.deserialize(Buffer.alloc(1_000_000, 2))).toThrow(SerdeError)
})

test('a key of a map is data, whatever its name', () => {
  const map = avro({ type: 'map', values: { type: 'map', values: 'int' } })
  const value = JSON.parse('{"__proto__":{"a":1},"constructor":{"b":2}}') as { [key: string]: { [key: string]: number } }
  const read = map.deserialize(map.serialize(value))
  expect(Object.entries(read)).toEqual([
    ['__proto__', { a: 1 }],
    ['constructor', { b: 2 }],
  ])
  expect(Object.getPrototypeOf(read)).toBe(Object.prototype)
})

describe('arrays in arrays that all claim the same bytes cost no more than these bytes', () => {
  const DEPTH = 500
  const LEAVES = 50_000
  test.each(['array', 'map'] as const)('%s', type => {
    const collection = type === 'array' ? ({ type, items: 'Tree' } as const) : ({ type, values: 'Tree' } as const)
    const tree = { type: 'record', name: 'Tree', fields: [{ name: 'children', type: collection }] } as const satisfies AvroSchema
    const key = type === 'array' ? '' : '00'
    const data = fromHex(`${varint(BigInt(LEAVES / 2))}${key}`.repeat(DEPTH) + '00'.repeat(LEAVES))
    const within = (schema: AvroSchema) => ({ type: 'record', name: 'R', fields: [{ name: 'tree', type: schema }] }) as const
    const readers = [
      avro<unknown>(tree),
      avro<unknown>(tree, { writer: tree }),
      // Skips it.
      avro<unknown>({ type: 'record', name: 'R', fields: [] }, { writer: within(tree) }),
    ]
    for (const reader of readers)
      expect(() => reader.deserialize(data)).toThrow(expect.objectContaining({ reason: expect.stringMatching(/TOO_SHORT|DECODE/) }))
  })
})
