import { KafkaError } from '@logwerk/runtime'
import { SerdeError } from '@logwerk/serde'
import { describe, expect, test } from 'vitest'
import { avro } from './avro.ts'
import type { AvroRecordSchema, AvroSchema } from './avro-schema.ts'
import { fingerprintOf } from './fingerprint.ts'

/** What `reader` makes of a value that was written with `writer`. */
function reread(writer: AvroSchema, value: unknown, reader: AvroSchema): unknown {
  return avro<unknown>(reader, { writer }).deserialize(avro<unknown>(writer).serialize(value))
}
const record = (name: string, ...fields: object[]) => ({ type: 'record', name, fields }) as AvroRecordSchema

describe('data of another schema', () => {
  test.each(['toString', 'constructor'])('with a field %s is refused, by a name that says why', name => {
    const a = { name: 'a', type: 'int' } as const
    const plain = { type: 'record', name: 'R', fields: [a] } as const satisfies AvroSchema
    const odd = { type: 'record', name: 'R', fields: [a, { name, type: 'string', default: '' }] } as const satisfies AvroSchema
    for (const [reader, writer] of [
      [plain, odd],
      [odd, plain],
      [odd, odd],
    ] as const) {
      const refusal = { code: 'INVALID_CONFIG', message: expect.stringContaining(`a field "${name}" can only be read with the schema`) }
      expect(() => avro<unknown>(reader, { writer })).toThrow(expect.objectContaining(refusal))
    }
    const serde = avro<unknown>(odd)
    expect(serde.deserialize(serde.serialize({ a: 1, [name]: 'x' }))).toEqual({ a: 1, [name]: 'x' })
  })

  test('is read with promotions, new defaults, and without what is gone', () => {
    const older = record(
      'v.Order',
      { name: 'id', type: 'int' },
      { name: 'gone', type: { type: 'array', items: 'string' } },
      { name: 'n', type: 'int' },
    )
    const newer = record(
      'Order',
      { name: 'n', type: 'long' },
      { name: 'id', type: 'double' },
      { name: 'status', type: 'string', default: 'OPEN' },
    )
    expect(reread(older, { id: 5, gone: ['a', 'b'], n: -7 }, newer)).toEqual({ id: 5, n: -7n, status: 'OPEN' })
    expect(reread('string', 'é', 'bytes')).toEqual(Buffer.from('é'))
    expect(reread('bytes', Buffer.from('é'), 'string')).toBe('é')
    expect(reread('long', 2n ** 40n, 'double')).toBe(2 ** 40)
    // Rounded to what the reader's type has, once.
    expect(reread('int', 967_382_217, 'float')).toBe(967_382_208)
    expect(reread('long', -(2n ** 63n), 'float')).toBe(-(2 ** 63))
    for (const long of [2n ** 63n - 1n, 2n ** 62n + 257n, -(2n ** 61n) - 129n, 9_007_199_254_740_993n]) {
      expect(reread('long', long, 'double'), `${long}`).toBe(Number(long))
    }
    expect(() => avro('double', { writer: 'long' }).deserialize(Buffer.from('ffffffffffffffffff02', 'hex'))).toThrow('more than 64 bits')
    const fixed = { type: 'fixed', name: 'F', size: 2 } as const
    expect(
      reread(record('R', { name: 'f', type: fixed }), { f: Uint8Array.of(1, 2) }, record('R', { name: 'f', type: ['null', fixed] })),
    ).toEqual({ f: Buffer.of(1, 2) })
    expect(reread({ type: 'map', values: 'int' }, { a: 1 }, { type: 'map', values: 'long' })).toEqual({ a: 1n })
  })

  test('is read by aliases, and enums by their default', () => {
    const older = record('Person', { name: 'surname', type: 'string' })
    const newer = {
      ...record('Human', { name: 'family', type: 'string', aliases: ['surname'] }),
      aliases: ['Person'],
    }
    expect(reread(older, { surname: 'A' }, newer)).toEqual({ family: 'A' })
    const colours = (symbols: string[], rest: object = {}) => ({ type: 'enum', name: 'C', symbols, ...rest }) as AvroSchema
    expect(reread(colours(['RED', 'BLUE']), 'BLUE', colours(['NONE', 'RED'], { default: 'NONE' }))).toBe('NONE')
  })

  test('is read into unions and out of them, the same type before one it could become', () => {
    expect(reread('long', 5n, ['double', 'long'])).toBe(5n)
    expect(reread('bytes', Buffer.of(1), ['string', 'bytes'])).toEqual(Buffer.of(1))
    expect(reread('int', 5, ['null', 'long'])).toBe(5n)
    expect(reread('int', 5, ['float', 'double'])).toEqual({ float: 5 })
    expect(reread(['int', 'long'], 5, 'long')).toBe(5n)
    expect(reread(['null', 'int'], 5, ['string', 'null', 'long'])).toBe(5n)
    expect(reread(['null', 'int'], null, ['float', 'null', 'double'])).toBe(null)
    const a = record('A', { name: 'x', type: 'int' })
    const b = record('B', { name: 'x', type: 'int' })
    expect(reread(b, { x: 1 }, [a, b])).toEqual({ B: { x: 1 } })
  })

  test('is read through logical types', () => {
    const millis = { type: 'long', logicalType: 'timestamp-millis' } as const
    expect(reread('long', 5n, millis)).toEqual(new Date(5))
    expect(reread('int', 5, millis)).toEqual(new Date(5))
    expect(reread(millis, new Date(5), 'long')).toBe(5n)
    expect(reread(millis, new Date(5), ['null', millis])).toEqual(new Date(5))
    expect(reread(millis, new Date(5), ['null', 'long'])).toEqual(5n)
    const decimal = (precision: number, scale: number) => ({ type: 'bytes', logicalType: 'decimal', precision, scale }) as const
    expect(reread(decimal(4, 2), '12.34', decimal(9, 2))).toBe('12.34')
    expect(() => avro(decimal(9, 3), { writer: decimal(9, 2) })).toThrow('cannot read a decimal of scale 2 as one of scale 3')
  })

  test('in types that contain themselves is read', () => {
    const list = (type: string) => record('L', { name: 'v', type }, { name: 'next', type: ['null', 'L'] })
    const value = { v: 1, next: { v: 2, next: { v: 3, next: null } } }
    expect(reread(list('int'), value, list('long'))).toEqual({ v: 1n, next: { v: 2n, next: { v: 3n, next: null } } })
  })

  test('is read as far as it fits, and refused by the value that does not', () => {
    const incompatible = (writer: AvroSchema, value: unknown, reader: AvroSchema) => {
      const serde = avro<unknown>(reader, { writer })
      const data = avro<unknown>(writer).serialize(value)
      try {
        serde.deserialize(data)
      } catch (error) {
        expect(error).toBeInstanceOf(SerdeError)
        expect(error).toMatchObject({ reason: 'INCOMPATIBLE' })
        return (error as SerdeError).detail
      }
      throw new Error('it did not fail')
    }
    // Once optional, now required.
    const nullable: AvroSchema = ['null', 'string']
    expect(reread(nullable, 'a', 'string')).toBe('a')
    expect(incompatible(nullable, null, 'string')).toContain('cannot read "null" as "string"')
    expect(reread(['int', 'string'], 5, ['null', 'long'])).toBe(5n)
    expect(incompatible(['int', 'string'], 'a', ['null', 'long'])).toContain('cannot read "string"')
    // A symbol that a newer writer has.
    const colours = (...symbols: string[]): AvroSchema => ({ type: 'enum', name: 'C', symbols })
    const newer = colours('BLUE', 'RED', 'GREEN')
    expect(reread(newer, 'RED', colours('RED', 'BLACK'))).toBe('RED')
    expect(incompatible(newer, 'GREEN', colours('RED'))).toContain('C has no symbol GREEN and no default')
    expect(() => avro(colours('RED'), { writer: newer }).deserialize(Buffer.of(6))).toThrow('invalid C enum index: 3')
    expect(() => avro(newer, { writer: newer }).deserialize(Buffer.of(8))).toThrow('invalid C enum index: 4')
    // Nothing fits: that is known at once.
    expect(() => avro('string', { writer: ['null', 'int'] })).toThrow('cannot read "null" as "string"')
    expect(() => avro(colours('RED'), { writer: colours('BLUE') })).toThrow('cannot read "C" as "C"')
    expect(() => avro({ ...(colours('RED') as object), name: 'D' } as AvroSchema, { writer: newer })).toThrow('cannot read "C" as "D"')
  })

  test('of a record that fails in one branch of a union does not spoil another place', () => {
    const older = record('Item', { name: 'a', type: 'int' })
    const newer = record('Item', { name: 'b', type: 'int' })
    const order = (item: AvroSchema) =>
      record('O', { name: 'first', type: ['null', item] }, { name: 'second', type: ['null', 'Item'], default: null })
    const read = (value: unknown) => reread(order(older), value, order(newer))
    expect(read({ first: null, second: null })).toEqual({ first: null, second: null })
    expect(() => read({ first: { a: 1 }, second: null })).toThrow('no matching field for default-less Item.b')
    expect(() => read({ first: null, second: { a: 1 } })).toThrow('no matching field for default-less Item.b')
    expect(() =>
      avro(record('P', { name: 'x', type: ['null', newer] }, { name: 'y', type: 'Item' }), {
        writer: record('P', { name: 'x', type: ['null', older] }, { name: 'y', type: 'Item' }),
      }),
    ).toThrow('no matching field for default-less Item.b')
  })

  test('is refused where the serde is made if it cannot be read', () => {
    const build = () => avro(record('R', { name: 'a', type: 'string' }), { writer: record('R', { name: 'a', type: 'int' }) })
    expect(build).toThrow(KafkaError)
    expect(build).toThrow('data of writer cannot be read with the Avro schema: cannot read "int" as "string"')
    expect(() => avro(record('R', { name: 'a', type: 'string' }), { writer: record('R') })).toThrow(
      'no matching field for default-less R.a',
    )
    expect(() => avro('int', { writer: { type: 'strange' } as unknown as AvroSchema })).toThrow(
      'writer is not valid: undefined type name: strange',
    )
  })
})

test('a default that was filled in belongs to its record alone', () => {
  const filled = record(
    'R',
    { name: 'tags', type: { type: 'array', items: 'string' }, default: [] },
    { name: 'hash', type: { type: 'fixed', name: 'F', size: 1 }, default: '\u0001' },
    { name: 'at', type: { type: 'long', logicalType: 'timestamp-millis' }, default: 0 },
  )
  const serde = avro<{ tags: string[]; hash: Uint8Array; at: Date }>(filled, { writer: record('R') })
  const first = serde.deserialize(new Uint8Array())
  first.tags.push('x')
  first.hash[0] = 9
  first.at.setTime(9)
  expect(serde.deserialize(new Uint8Array())).toEqual({ tags: [], hash: Buffer.of(1), at: new Date(0) })
})

describe('single-object framing', () => {
  const v1 = { type: 'record', name: 'Order', fields: [{ name: 'id', type: 'int' }] } as const
  const v2 = {
    type: 'record',
    name: 'Order',
    fields: [
      { name: 'id', type: 'long' },
      { name: 'note', type: 'string', default: '' },
    ],
  } as const
  const old = avro(v1, { framing: 'single-object' })
  const now = avro(v2, { framing: 'single-object', writers: [v1, v1, { ...v2, doc: 'the same one, with words' }] })
  const failureOf = (data: Uint8Array) => {
    try {
      now.deserialize(data)
    } catch (error) {
      expect(error).toBeInstanceOf(SerdeError)
      return error as SerdeError
    }
    throw new Error('it did not fail')
  }

  test('begins with the marker and the fingerprint, least significant byte first', () => {
    const data = old.serialize({ id: 5 })
    expect(data.subarray(0, 2).toString('hex')).toBe('c301')
    expect(data.readBigUInt64LE(2)).toBe(fingerprintOf(v1))
    expect(data.subarray(10).toString('hex')).toBe('0a')
    // The example of the format for a foreign schema: the fingerprint of "int", as Java computes it.
    expect(avro('int', { framing: 'single-object' }).serialize(1).toString('hex')).toBe('c3018f5c393f1ad5757202')
  })

  test('lets a reader read every schema that it knows', () => {
    expect(now.deserialize(old.serialize({ id: 5 }))).toEqual({ id: 5n, note: '' })
    expect(now.deserialize(now.serialize({ id: 5n, note: 'n' }))).toEqual({ id: 5n, note: 'n' })
  })

  test('says what is wrong with the frame', () => {
    expect(failureOf(old.serialize({ id: 5 }).subarray(0, 9))).toMatchObject({ reason: 'TOO_SHORT' })
    expect(failureOf(Buffer.alloc(12))).toMatchObject({ reason: 'BAD_MAGIC', detail: expect.stringContaining('this with 00 00') })
    const other = avro('int', { framing: 'single-object' }).serialize(5)
    expect(failureOf(other)).toMatchObject({ reason: 'UNKNOWN_SCHEMA', detail: expect.stringContaining('7275d51a3f395c8f') })
    expect(failureOf(old.serialize({ id: 5 }).subarray(0, 10))).toMatchObject({ reason: 'TOO_SHORT' })
  })

  test('refuses writers that it could not read', () => {
    expect(() => avro(v1, { framing: 'single-object', writers: [v1, v2] })).toThrow(
      'data of writers[1] cannot be read with the Avro schema',
    )
  })
})
