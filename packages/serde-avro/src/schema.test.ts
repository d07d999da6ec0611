import { KafkaError } from '@logwerk/runtime'
import { SerdeError } from '@logwerk/serde'
import { expect, test } from 'vitest'
import { avro } from './avro.ts'
import type { AvroSchema } from './avro-schema.ts'

const building = (schema: unknown) => () => avro(schema as AvroSchema)

test('a schema that is none is refused, with its name and the place', () => {
  const cases: [unknown, string][] = [
    ['strange', 'the Avro schema is not valid: undefined type name: strange'],
    [{ type: 'record', name: 'R', fields: [{ name: 'a', type: 'B' }] }, 'the Avro schema R is not valid: undefined type name: B'],
    [null, 'a schema is a name, an object or a list, not null'],
    [{ name: 'R' }, '"type" is the name of a type, not undefined'],
    [
      { type: 'record', name: 'R', fields: [{ name: 'a', type: ['null', { type: ['int'] }] }] },
      'at a[1]: "type" is the name of a type, not ["int"]',
    ],
    [{ type: 'array', items: { type: 'map', values: 5 } }, 'at items.values: a schema is a name, an object or a list, not 5'],
    [{ type: 'record', name: 'R', fields: [5] }, 'a field is an object, not 5'],
    [{ type: 'constructor' }, 'undefined type name: constructor'],
    ['constructor', 'undefined type name: constructor'],
    [{ type: 'record', name: 'R' }, 'non-array record fields'],
    [{ type: 'record', name: 'R-S', fields: [] }, 'invalid name: "R-S"'],
    [{ type: 'enum', name: 'E', symbols: [] }, 'invalid enum symbols'],
    [['int', 'int'], 'duplicate union branch name: "int"'],
    [['int', ['null', 'string']], 'unions cannot be directly nested'],
    [{ type: 'record', name: 'R', fields: [{ name: 'a', type: 'int', default: 'x' }] }, 'incompatible field default "x"'],
    [
      [
        { type: 'record', name: 'R', fields: [] },
        { type: 'enum', name: 'R', symbols: ['A'] },
      ],
      'duplicate type name: R',
    ],
    ['{"type": "record"', 'the Avro schema is not valid: '],
    [{ type: 'record', name: 'R', fields: [{ name: '__proto__', type: 'int' }] }, 'a field cannot have the name "__proto__"'],
    [{ type: 'record', name: 'R', fields: [{ name: 'a', type: 'bytes', default: '€' }] }, 'characters up to \\u00ff'],
    [{ type: 'record', name: 'R', fields: [{ name: 'a', type: { type: 'fixed', name: 'F', size: 1 }, default: '€' }] }, 'up to \\u00ff'],
    [
      { type: 'record', name: 'R', fields: [{ name: 'a', type: { type: 'string', logicalType: 'uuid' }, default: 'x' }] },
      'incompatible field default "x" (a uuid like',
    ],
    [{ type: 'enum', name: 'E', symbols: ['A', 'A'] }, 'duplicate "E" symbol: "A"'],
    [{ type: 'enum', name: 'E', symbols: ['A'], default: 'toString' }, 'invalid "E" default: "toString"'],
  ]
  for (const [schema, message] of cases) {
    expect(building(schema), message).toThrow(KafkaError)
    expect(building(schema)).toThrow(message)
  }
})

test('JSON text is a schema', () => {
  const serde = avro<{ a: number }>('{ "type": "record", "name": "R", "fields": [{ "name": "a", "type": "int" }] }')
  expect(serde.deserialize(serde.serialize({ a: 5 }))).toEqual({ a: 5 })
  expect(avro<string>(' "string"').serialize('a').toString('hex')).toBe('0261')
})

test('one schema may be used many times, and a part of it twice', () => {
  const names = { type: 'array', items: 'string' } as const
  const schema = {
    type: 'record',
    name: 'R',
    fields: [
      { name: 'a', type: names },
      { name: 'b', type: names },
    ],
  } as const
  const before = JSON.stringify(schema)
  for (const serde of [avro(schema), avro(schema)])
    expect(serde.deserialize(serde.serialize({ a: ['x'], b: [] }))).toEqual({ a: ['x'], b: [] })
  expect(JSON.stringify(schema)).toBe(before)
  const at = { type: 'long', logicalType: 'timestamp-millis' } as const
  const twice = avro({
    type: 'record',
    name: 'R',
    fields: [
      { name: 'a', type: at },
      { name: 'b', type: at },
    ],
  })
  const value = { a: new Date(1), b: new Date(2) }
  expect(twice.deserialize(twice.serialize(value))).toEqual(value)
})

test('names belong to the namespace around them, and a dotted name brings its own', () => {
  const serde = avro({
    type: 'record',
    name: 'a.b.Outer',
    namespace: 'ignored',
    fields: [
      { name: 'one', type: { type: 'fixed', name: 'Inner', size: 1 } },
      { name: 'two', type: 'a.b.Inner' },
      {
        name: 'three',
        type: {
          type: 'record',
          name: 'c.Other',
          fields: [
            { name: 'deep', type: 'a.b.Inner' },
            { name: 'own', type: ['null', 'Other'] },
          ],
        },
      },
      { name: 'four', type: 'Inner' },
    ],
  })
  const byte = Buffer.of(7)
  const value = { one: byte, two: byte, three: { deep: byte, own: { deep: byte, own: null } }, four: byte }
  expect(serde.name).toBe('avro (a.b.Outer)')
  expect(serde.deserialize(serde.serialize(value))).toEqual(value)
})

test('a default is of the first branch of a union that it fits', () => {
  const defaultOf = (type: AvroSchema, value: unknown) => {
    const serde = avro<{ a: unknown }>({ type: 'record', name: 'R', fields: [{ name: 'a', type, default: value }] })
    return serde.deserialize(serde.serialize({} as { a: unknown })).a
  }
  expect(defaultOf(['string', 'null'], null)).toBe(null)
  expect(defaultOf(['null', 'int', 'string'], 'a')).toBe('a')
  expect(defaultOf(['null', 'bytes', 'boolean'], '\u00ff')).toEqual(Buffer.of(255))
  expect(defaultOf(['null', { type: 'enum', name: 'E', symbols: ['A'] }], 'A')).toBe('A')
  expect(defaultOf(['null', { type: 'array', items: ['null', 'long'] }], [1, null])).toEqual([1n, null])
  // Wrapped, where the values of the union are.
  expect(defaultOf(['int', 'double', 'null'], 1.5)).toEqual({ double: 1.5 })
  expect(defaultOf(['int', 'double', 'null'], 1)).toEqual({ int: 1 })
  expect(defaultOf(['int', 'double', 'null'], null)).toBe(null)
  // A long beyond 2^53 is written as a string, and is one only where no string may stand.
  expect(defaultOf(['long', 'string'], '5')).toBe('5')
  expect(defaultOf(['null', 'long'], '9223372036854775807')).toBe(2n ** 63n - 1n)
  expect(() => defaultOf(['null', 'int'], 'a')).toThrow(/the Avro schema R is not valid: .*\(it fits none of null, int\)$/)
})

test('names of every object may be those of symbols and of branches', () => {
  const names = avro({ type: 'enum', name: 'E', symbols: ['toString', 'constructor', '__proto__'] })
  for (const symbol of ['toString', 'constructor', '__proto__'] as const) expect(names.deserialize(names.serialize(symbol))).toBe(symbol)
  expect(() => names.serialize('valueOf' as 'toString')).toThrow(SerdeError)
  const branches = avro<unknown>(['null', { type: 'record', name: 'constructor', fields: [] }, { type: 'record', name: 'R', fields: [] }])
  expect(branches.deserialize(branches.serialize({ constructor: {} }))).toEqual({ constructor: {} })
})

test('records of records of records are looked at once each', () => {
  // Each record has the one below twice: an empty one of them all would have 2^40 fields.
  let type: AvroSchema = { type: 'record', name: 'R0', fields: [{ name: 'n', type: 'null' }] }
  for (let level = 1; level <= 40; level++) {
    type = {
      type: 'record',
      name: `R${level}`,
      fields: [
        { name: 'a', type },
        { name: 'b', type: `R${level - 1}` },
      ],
    }
  }
  const serde = avro<unknown>({ type: 'array', items: ['null', { type: 'array', items: type }] })
  expect(serde.deserialize(Buffer.of(2, 2, 0, 0))).toEqual([[]])
  expect(() => serde.deserialize(Buffer.from('0202feffffffffffffffff0100', 'hex'))).toThrow('elements that take no bytes')
})

test('names of every object may be those of types, and a reference may be an object', () => {
  const serde = avro<unknown>({
    type: 'record',
    name: 'constructor',
    fields: [
      { name: 'next', type: 'int', default: 0 },
      { name: 'other', type: { type: 'array', items: { type: 'constructor' } as unknown as AvroSchema } },
    ],
  })
  expect(serde.deserialize(serde.serialize({ other: [{ other: [] }] }))).toEqual({ next: 0, other: [{ next: 0, other: [] }] })
})
