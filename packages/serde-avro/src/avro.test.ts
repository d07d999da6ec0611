import { ByteWriter, KafkaError } from '@logwerk/runtime'
import { type Deserializer, type Serde, SerdeError, type Serializer } from '@logwerk/serde'
import fc from 'fast-check'
import { describe, expect, expectTypeOf, test } from 'vitest'
import { avro } from './avro.ts'
import type { AvroSchema } from './avro-schema.ts'

const hexOf = (data: Uint8Array) => Buffer.from(data).toString('hex')
const fromHex = (hex: string) => new Uint8Array(Buffer.from(hex.replaceAll(' ', ''), 'hex'))

function failureOf(act: () => unknown): SerdeError {
  try {
    act()
  } catch (error) {
    expect(error).toBeInstanceOf(SerdeError)
    return error as SerdeError
  }
  throw new Error('it did not fail')
}

const order = avro({
  type: 'record',
  name: 'Order',
  namespace: 'shop',
  doc: 'An order.',
  fields: [
    { name: 'id', type: 'string' },
    { name: 'cents', type: 'long' },
    { name: 'count', type: 'int', default: 1 },
    { name: 'status', type: { type: 'enum', name: 'Status', symbols: ['OPEN', 'PAID'] }, default: 'OPEN' },
    { name: 'note', type: ['null', 'string'], default: null },
    { name: 'tags', type: { type: 'array', items: 'string' }, default: [] },
    { name: 'sizes', type: { type: 'map', values: 'double' }, default: {} },
    { name: 'hash', type: { type: 'fixed', name: 'Hash', size: 2 } },
    { name: 'raw', type: { type: 'bytes', 'java-class': 'x' } },
    { name: 'previous', type: ['null', 'Order'], default: null },
  ],
})

describe('bytes of the specification', () => {
  test('are written and read', () => {
    const cases: [AvroSchema, unknown, string][] = [
      ['null', null, ''],
      ['boolean', true, '01'],
      ['int', -64, '7f'],
      ['int', 64, '8001'],
      ['int', -(2 ** 31), 'ffffffff0f'],
      ['float', 1.5, '0000c03f'],
      ['double', -2, '00000000000000c0'],
      ['string', 'foo', '06666f6f'],
      ['string', 'ä€🦊', '12c3a4e282acf09fa68a'],
      ['bytes', Buffer.from([0, 255]), '0400ff'],
      [{ type: 'enum', name: 'Foo', symbols: ['A', 'B', 'C', 'D'] }, 'D', '06'],
      [{ type: 'array', items: 'long' }, [3n, 27n], '04063600'],
      [{ type: 'map', values: 'int' }, { a: 1 }, '0202610200'],
      [['null', 'string'], null, '00'],
      [['null', 'string'], 'a', '020261'],
      [{ type: 'fixed', name: 'F', size: 3 }, Buffer.from([1, 2, 3]), '010203'],
      [
        {
          type: 'record',
          name: 'test',
          fields: [
            { name: 'a', type: 'long' },
            { name: 'b', type: 'string' },
          ],
        },
        { a: 27n, b: 'foo' },
        '3606666f6f',
      ],
    ]
    for (const [schema, value, hex] of cases) {
      const serde = avro<unknown>(schema)
      expect(hexOf(serde.serialize(value)), JSON.stringify(schema)).toBe(hex)
      expect(serde.deserialize(fromHex(hex)), JSON.stringify(schema)).toEqual(value)
    }
  })

  test('in blocks of any form are read', () => {
    // Two blocks, the first with its size in bytes.
    expect(avro({ type: 'array', items: 'int' }).deserialize(fromHex('03 04 02 04 02 06 00'))).toEqual([1, 2, 3])
    expect(avro({ type: 'map', values: 'int' }).deserialize(fromHex('01 06 02 61 02 02 02 62 04 00'))).toEqual({ a: 1, b: 2 })
  })
})

describe('a record', () => {
  test('comes back, alone and in place, whatever is in it', () => {
    const base = fc.record({
      id: fc.string({ unit: 'binary' }),
      cents: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
      count: fc.integer(),
      status: fc.constantFrom('OPEN', 'PAID'),
      note: fc.option(fc.string({ unit: 'binary', maxLength: 100 })),
      tags: fc.array(fc.string()),
      sizes: fc.dictionary(fc.string(), fc.double()),
      hash: fc.uint8Array({ minLength: 2, maxLength: 2 }).map(bytes => Buffer.from(bytes)),
      raw: fc.uint8Array().map(bytes => Buffer.from(bytes)),
      previous: fc.constant(null),
    })
    fc.assert(
      fc.property(base, base, (value, previous) => {
        const whole = { ...value, previous } as Parameters<typeof order.serialize>[0]
        const data = order.serialize(whole)
        const writer = new ByteWriter(Buffer.alloc(3))
        writer.writeInt8(1)
        order.serializeInto(whole, writer)
        expect(writer.bytes().subarray(1).equals(data)).toBe(true)
        expect(order.deserialize(new Uint8Array(data))).toEqual(whole)
      }),
    )
  })

  test('gets its defaults where fields are left out', () => {
    const data = order.serialize({ id: 'a', cents: 5n, hash: new Uint8Array(2), raw: new Uint8Array(0), note: undefined })
    expect(order.deserialize(data)).toMatchObject({ count: 1, status: 'OPEN', note: null, tags: [], sizes: {}, previous: null })
  })

  test.each([
    ['length', [1, 2]],
    ['length', 'ab'],
    ['length', new Uint8Array(2)],
    ['length', () => 2],
    ['size', new Map()],
    ['size', new Set()],
  ])('with a field %s is not written of what has that by chance', (name, value) => {
    const serde = avro({ type: 'record', name: 'Box', fields: [{ name, type: 'int' }] })
    expect(() => serde.serialize(value as never)).toThrow(expect.objectContaining({ reason: 'ENCODE' }))
    expect(serde.serialize({ [name]: 2 } as never)).toEqual(Buffer.of(4))
  })

  test('larger than the scratch buffer is written, and the next one is right too', () => {
    const large = { id: 'x'.repeat(3_000_000), cents: 5n, hash: new Uint8Array(2), raw: new Uint8Array(0) }
    expect(order.deserialize(order.serialize(large)).id).toHaveLength(3_000_000)
    expect(order.deserialize(order.serialize({ ...large, id: 'b' })).id).toBe('b')
  })

  test('takes plain Uint8Arrays, and a view into a larger buffer as data', () => {
    const raw = Uint8Array.of(9, 8, 7, 6).subarray(1, 3)
    const data = order.serialize({ id: 'a', cents: 5n, hash: raw, raw })
    const around = new Uint8Array([1, ...data, 2])
    const read = order.deserialize(around.subarray(1, around.length - 1))
    expect([hexOf(read.hash), hexOf(read.raw)]).toEqual(['0807', '0807'])
  })

  test('has the name of its schema', () => {
    expect(order.name).toBe('avro (shop.Order)')
    expect(avro('string').name).toBe('avro')
  })
})

describe('types', () => {
  test('are those of the literal schema, or the one given', () => {
    expectTypeOf(avro('long')).toExtend<Serde<bigint>>()
    expectTypeOf(order).toExtend<Serializer<{ id: string; cents: bigint; hash: Uint8Array; raw: Uint8Array }>>()
    expectTypeOf(order).toExtend<Deserializer<{ id: string; cents: bigint; status: 'OPEN' | 'PAID'; tags: string[] }>>()
    interface Event {
      type: string
    }
    expectTypeOf(avro<Event>(JSON.parse('"string"'))).toExtend<Serde<Event>>()
    // @ts-expect-error a reader writes nothing
    expect(avro('string', { writer: 'string' }).serialize).toBe(undefined)
  })
})

describe('a value that does not fit', () => {
  const right = { id: 'a', cents: 5n, hash: new Uint8Array(2), raw: new Uint8Array(0) }
  const failing = (value: object) => failureOf(() => order.serialize({ ...right, ...value } as typeof right))

  test('is named with its path, and with what is expected instead', () => {
    const cases: [object, string, string][] = [
      [{ id: 5 }, 'id', 'a string is expected, and this is the number 5'],
      [{ id: undefined }, 'id', 'a string is expected, and this is undefined'],
      [{ cents: 5 }, 'cents', 'a long (a bigint: 5n, BigInt(5)) is expected, and this is the number 5'],
      [{ cents: 2n ** 63n }, 'cents', 'this is the bigint 9223372036854775808n'],
      [{ count: 2 ** 31 }, 'count', 'an int (an integer in [-2^31, 2^31)) is expected'],
      [{ status: 'LOST' }, 'status', 'a symbol of shop.Status (OPEN, PAID) is expected, and this is the string "LOST"'],
      [{ status: 'constructor' }, 'status', 'a symbol of shop.Status'],
      [{ note: 5 }, 'note', 'one of null, string is expected'],
      [{ tags: 'a' }, 'tags', 'an array is expected, and this is the string "a"'],
      [{ tags: ['a', null] }, 'tags[1]', 'a string is expected, and this is null'],
      [{ sizes: new Map([['a', 1]]) }, 'sizes', 'a map (a plain object) is expected, and this is a Map'],
      [{ sizes: { 'a b': '1' } }, 'sizes["a b"]', 'a double (a number) is expected'],
      [{ hash: new Uint8Array(3) }, 'hash', 'the fixed type shop.Hash (a Uint8Array of 2 bytes) is expected, and this is 3 bytes'],
      [{ raw: 'x'.repeat(100) }, 'raw', `bytes (a Uint8Array) is expected, and this is the string "${'x'.repeat(60)}…"`],
      [{ previous: { ...right, previous: { ...right, id: true } } }, 'previous.previous.id', 'this is the boolean true'],
      [{ previous: [] }, 'previous', 'one of null, shop.Order is expected, and this is an array'],
    ]
    for (const [value, path, detail] of cases) {
      expect(failing(value)).toMatchObject({ reason: 'ENCODE', path })
      expect(failing(value).detail).toContain(detail)
    }
    expect(failureOf(() => order.serialize(null as never)).detail).toContain('the record shop.Order is expected, and this is null')
  })

  test('is also one that is no object at all, where every field has a default', () => {
    const lenient = avro({
      type: 'record',
      name: 'R',
      fields: [{ name: 'n', type: 'int', default: 1 }],
    })
    const within = avro({ type: 'record', name: 'O', fields: [{ name: 'r', type: { type: 'record', name: 'E', fields: [] } }] })
    for (const value of [5, 'text', [], true, new Map([['n', 2]]), new Uint8Array(2), new Date(5), null, undefined]) {
      expect(failureOf(() => lenient.serialize(value as object)).detail).toMatch(/^the record R is expected, and this is /)
      expect(failureOf(() => within.serialize({ r: value as object }))).toMatchObject({ path: 'r' })
    }
    class Row {
      readonly n = 7
    }
    expect(lenient.deserialize(lenient.serialize(new Row()))).toEqual({ n: 7 })
    expect(lenient.deserialize(lenient.serialize(Object.create(null)))).toEqual({ n: 1 })
  })

  test('is not printed in full, however large', () => {
    expect(failing({ cents: 2n ** 100_000n }).detail).toContain('and this is a bigint of more than 256 bits')
  })

  test('leaves nothing behind in the writer that counts', () => {
    const writer = new ByteWriter()
    writer.writeInt8(1)
    expect(failureOf(() => order.serializeInto({ ...right, tags: [5] } as never, writer)).path).toBe('tags[0]')
    expect(writer.position).toBe(1)
  })

  test('because it contains itself is an error too', () => {
    const cycle: Record<string, unknown> = { ...right }
    cycle['previous'] = cycle
    expect(failing(cycle)).toMatchObject({ reason: 'ENCODE', detail: 'the value is nested too deeply' })
  })
})

describe('data that does not fit', () => {
  test('says what is wrong, and what it looks like', () => {
    const data = avro('string').serialize('hello')
    expect(failureOf(() => avro('string').deserialize(data.subarray(0, 3)))).toMatchObject({ reason: 'TOO_SHORT' })
    expect(failureOf(() => avro('string').deserialize(Buffer.concat([data, data])))).toMatchObject({
      reason: 'DECODE',
      detail: '6 bytes are left over: the data was probably written with another schema',
    })
    expect(failureOf(() => avro('string').deserialize(fromHex('00 00000007 02 61'))).detail).toContain('a schema registry')
    expect(failureOf(() => avro('null').deserialize(fromHex('c301 0000'))).detail).toContain("framing: 'single-object'")
    expect(failureOf(() => avro(['null', 'int']).deserialize(fromHex('04'))).detail).toContain('invalid union index: 2')
    expect(failureOf(() => avro('boolean').deserialize(fromHex('02'))).detail).toContain('a boolean is the byte 0 or 1, not 2')
    expect(failureOf(() => avro('boolean').deserialize(fromHex('')))).toMatchObject({ reason: 'TOO_SHORT' })
    expect(failureOf(() => avro('int').deserialize(fromHex('8080808010'))).detail).toContain('does not fit an int')
    expect(failureOf(() => avro('string', { maxBytes: 3 }).deserialize(data))).toMatchObject({
      reason: 'DECODE',
      detail: 'the data has 6 bytes, and maxBytes is 3: raise it if that is right',
    })
  })

  test('because it is cut short anywhere is TOO_SHORT', () => {
    const data = order.serialize({
      id: 'abc',
      cents: 2n ** 60n,
      hash: new Uint8Array(2),
      raw: Uint8Array.of(1),
      tags: ['x'],
      sizes: { y: 1 },
    })
    for (let length = 0; length < data.length; length++) {
      const error = failureOf(() => order.deserialize(data.subarray(0, length)))
      expect(['TOO_SHORT', 'DECODE'], `at ${length}`).toContain(error.reason)
    }
  })
})

test('options that do not go together, or are none, are refused', () => {
  const build = (options: unknown) => () => avro('string', options as never)
  for (const [options, message] of [
    [{ framing: 'confluent' }, "framing is 'none' or 'single-object', not confluent"],
    [{ framing: 'single-object', writer: 'string' }, 'give the schemas it may name as `writers`'],
    [{ writers: ['string'] }, "use framing: 'single-object'"],
    [{ maxBytes: 0 }, 'maxBytes is a number of bytes above 0, not 0'],
  ] as const) {
    expect(build(options)).toThrow(KafkaError)
    expect(build(options)).toThrow(message)
  }
})

test('every NaN is written as the one of Java', () => {
  const zero = Number('0')
  for (const value of [NaN, zero / zero, -NaN]) {
    expect(hexOf(avro('float').serialize(value))).toBe('0000c07f')
    expect(hexOf(avro('double').serialize(value))).toBe('000000000000f87f')
    expect(avro('double').deserialize(avro('double').serialize(value))).toBeNaN()
  }
})

test('half of a surrogate pair is written as U+FFFD, short or long', () => {
  for (const rest of ['', 'x'.repeat(100)]) {
    const data = avro('string').serialize(`\ud800${rest}`)
    expect(hexOf(data.subarray(rest === '' ? 1 : 2)).slice(0, 6)).toBe('efbfbd')
    expect(avro('string').deserialize(data)).toBe(`\ufffd${rest}`)
  }
})
