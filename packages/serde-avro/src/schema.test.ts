import { KafkaError } from '@logwerk/runtime'
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
