import { ByteWriter, KafkaError } from '@logwerk/runtime'
import { type Deserializer, type Serde, SerdeError, type Serializer } from '@logwerk/serde'
import fc from 'fast-check'
import * as v from 'valibot'
import { describe, expect, expectTypeOf, test } from 'vitest'
import * as z from 'zod'
import { json } from './json.ts'
import type { StandardSchema } from './standard-schema.ts'

const textOf = (data: Uint8Array) => Buffer.from(data).toString()

interface Order {
  id: string
  items: { sku: string; count: number }[]
}
const zodOrder = z.object({ id: z.string(), items: z.array(z.object({ sku: z.string(), count: z.number().int() })) })
const valibotOrder = v.object({ id: v.string(), items: v.array(v.object({ sku: v.string(), count: v.pipe(v.number(), v.integer()) })) })
const order: Order = { id: 'ö1', items: [{ sku: 'a', count: 2 }] }

function failureOf(act: () => unknown): SerdeError {
  try {
    act()
  } catch (error) {
    expect(error).toBeInstanceOf(SerdeError)
    return error as SerdeError
  }
  throw new Error('it did not fail')
}

describe('without a schema', () => {
  test('whatever JSON has comes back, alone and in place', () => {
    const serde = json<unknown>()
    fc.assert(
      fc.property(fc.jsonValue({ stringUnit: 'binary' }), value => {
        const data = serde.serialize(value)
        const writer = new ByteWriter(Buffer.alloc(1))
        serde.serializeInto(value, writer)
        expect(writer.bytes().equals(data)).toBe(true)
        // JSON has no negative zero.
        expect(serde.deserialize(new Uint8Array(data))).toEqual(JSON.parse(JSON.stringify(value)))
      }),
    )
  })

  test('a bigint or a cycle is named by its place', () => {
    expect(failureOf(() => json().serialize({ a: [{ n: 5n }] }))).toMatchObject({
      reason: 'ENCODE',
      path: 'a[0].n',
      detail: 'JSON has no bigint: write a string or, if it is a safe integer, a number',
    })
    expect(failureOf(() => json().serialize(5n)).path).toBe('')
    const cycle: { self?: object } = {}
    cycle.self = cycle
    expect(failureOf(() => json().serialize({ cycle }))).toMatchObject({
      path: 'cycle.self',
      detail: expect.stringContaining('contains itself'),
    })
    // The same object twice is none.
    expect(textOf(json().serialize([order, order]))).toBe(JSON.stringify([order, order]))
  })

  test('what JSON.stringify gives up on otherwise is an error too', () => {
    for (const value of [undefined, () => 1, Symbol('s')]) {
      expect(failureOf(() => json().serialize(value))).toMatchObject({ reason: 'ENCODE', detail: expect.stringContaining(typeof value) })
    }
    const throwing = {
      toJSON() {
        throw new Error('own')
      },
    }
    expect(failureOf(() => json().serialize({ throwing })).detail).toBe('cannot be written as JSON: own')
    let deep: unknown = 1n
    for (let depth = 0; depth < 100_000; depth++) deep = [deep]
    expect(failureOf(() => json().serialize(deep)).reason).toBe('ENCODE')
  })

  test('what failed is looked for in each object once, however many ways lead to it', () => {
    let many: unknown = 'leaf'
    for (let level = 0; level < 40; level++) many = [many, many]
    const throwing = {
      toJSON() {
        throw new Error('own')
      },
    }
    expect(failureOf(() => json().serialize({ throwing, many })).detail).toBe('cannot be written as JSON: own')
  })

  test('what is not JSON is DECODE, with a hint at the prefix of a schema registry', () => {
    expect(failureOf(() => json().deserialize(Buffer.from('{"a":')))).toMatchObject({ reason: 'DECODE', cause: expect.any(SyntaxError) })
    expect(failureOf(() => json().deserialize(Buffer.from('\u0000\u0000\u0000\u0000\u0007{}'))).detail).toContain('schema registry')
    expect(failureOf(() => json().deserialize(new Uint8Array()))).toMatchObject({ reason: 'TOO_SHORT' })
  })

  test('what is not UTF-8 is refused, not read as something else', () => {
    // "Müller" in Latin-1, a character that is cut off, half of a surrogate pair.
    for (const bytes of ['224dfc6c6c657222', '22e28222', '22eda08022']) {
      expect(failureOf(() => json().deserialize(Buffer.from(bytes, 'hex')))).toMatchObject({
        reason: 'DECODE',
        detail: 'not JSON: it is not in UTF-8',
      })
    }
    // A replacement character that was written is one.
    expect(json().deserialize(Buffer.from('"a\ufffdb"'))).toBe('a\ufffdb')
  })

  test('a byte order mark is passed over, at the beginning alone', () => {
    expect(json().deserialize(Buffer.from('\ufeff{"a":"\ufeff"}'))).toEqual({ a: '\ufeff' })
    for (const text of ['\ufeff', '\ufeff\ufeff1', '1\ufeff']) {
      expect(failureOf(() => json().deserialize(Buffer.from(text))).detail, text).toMatch(/^not JSON: Unexpected/)
    }
  })

  test('a getter that throws is named by what it threw', () => {
    const cause = new Error('no price')
    const value = {
      get price() {
        throw cause
      },
    }
    expect(failureOf(() => json().serialize(value))).toMatchObject({
      reason: 'ENCODE',
      detail: 'cannot be written as JSON: no price',
      cause,
    })
  })

  test('the type is the one given, else unknown', () => {
    expectTypeOf(json<Order>()).toExtend<Serde<Order>>()
    expectTypeOf(json().deserialize(Buffer.from('1'))).toBeUnknown()
    expectTypeOf(json<Order>().deserialize(Buffer.from('{}'))).toEqualTypeOf<Order>()
  })
})

describe.each([
  ['zod', json(zodOrder), json<Order>(zodOrder)],
  ['valibot', json(valibotOrder), json<Order>(valibotOrder)],
])('with a schema of %s', (vendor, serde, given) => {
  test('what fits comes back', () => {
    expect(serde.name).toBe(`json (${vendor})`)
    for (const one of [serde, given]) expect(one.deserialize(one.serialize(order))).toEqual(order)
  })

  test('what does not fit is refused in both directions, with the path of the first issue and the number of others', () => {
    const wrong = { id: 7, items: [{ sku: 'a', count: 1.5 }] } as unknown as Order
    const rightId = { ...order, items: [{ sku: 'a', count: 'many' as unknown as number }] }
    const on = [
      (value: Order) => failureOf(() => serde.serialize(value)),
      (value: Order) => failureOf(() => serde.serializeInto(value, new ByteWriter())),
      (value: Order) => failureOf(() => serde.deserialize(Buffer.from(JSON.stringify(value)))),
    ]
    for (const failing of on) {
      expect(failing(wrong)).toMatchObject({ reason: 'VALIDATION', path: 'id' })
      expect(failing(wrong).detail).toMatch(/, and 1 more$/)
      expect(failing(rightId)).toMatchObject({ path: 'items[0].count' })
      expect(failing(rightId).detail).not.toMatch(/more$/)
    }
  })
})

describe('types', () => {
  test('are those of the schema, or the given one that it has to be of', () => {
    expectTypeOf(json(zodOrder)).toExtend<Serde<Order>>()
    expectTypeOf(json(valibotOrder)).toExtend<Serde<Order>>()
    expectTypeOf(json(zodOrder).deserialize).returns.toEqualTypeOf<Order>()
    // @ts-expect-error the schema is of an order
    json<{ id: number }>(zodOrder)
  })

  test('differ by direction where the schema converts', () => {
    const event = z.object({ at: z.iso.datetime().transform(text => new Date(text)), kind: z.string().default('none') })
    const serde = json(event)
    expectTypeOf(serde).toExtend<Serializer<{ at: string; kind?: string | undefined }>>()
    expectTypeOf(serde).toExtend<Deserializer<{ at: Date; kind: string }>>()
    const data = serde.serialize({ at: '2026-11-21T10:00:00Z' })
    expect(textOf(data)).toBe('{"at":"2026-11-21T10:00:00Z"}')
    expect(serde.deserialize(data)).toEqual({ at: new Date('2026-11-21T10:00:00Z'), kind: 'none' })
  })

  test('take a date both ways by coercion', () => {
    const serde = json(z.object({ at: z.coerce.date<Date>() }))
    const at = new Date(1_795_000_000_000)
    expect(serde.deserialize(serde.serialize({ at }))).toEqual({ at })
  })
})

test('a direction can be left unchecked', () => {
  const wrong = { id: 7 } as unknown as Order
  const reader = json<Order>(zodOrder, { validateOnWrite: false })
  expect(failureOf(() => reader.deserialize(reader.serialize(wrong))).reason).toBe('VALIDATION')
  const writer = json<Order>(zodOrder, { validateOnRead: false })
  expect(failureOf(() => writer.serialize(wrong)).reason).toBe('VALIDATION')
  expect(writer.deserialize(Buffer.from('{"id":7}'))).toEqual(wrong)
})

test('a schema that answers with a promise is refused, and its outcome is dropped', () => {
  const later = z.string().refine(async () => true)
  expect(failureOf(() => json(later).serialize('a'))).toMatchObject({
    reason: 'VALIDATION',
    detail: expect.stringContaining('the zod schema answers with a promise'),
  })
  // An unhandled rejection would fail the run.
  const failing: StandardSchema = { '~standard': { version: 1, vendor: 'own', validate: () => Promise.reject(new Error('later')) } }
  expect(failureOf(() => json(failing).serialize('a')).detail).toContain('the own schema')
})

test('a check that throws is an error of validation in both directions', () => {
  const cause = new TypeError('not a function')
  const failing: StandardSchema = {
    '~standard': {
      version: 1,
      vendor: 'own',
      validate: () => {
        throw cause
      },
    },
  }
  for (const act of [() => json(failing).serialize('a'), () => json(failing).deserialize(Buffer.from('"a"'))]) {
    expect(failureOf(act)).toMatchObject({ reason: 'VALIDATION', detail: 'the check itself failed: not a function', cause })
  }
  // zod hands what a check threw on as a promise that rejects.
  const throwing = z.string().refine(() => {
    throw cause
  })
  expect(failureOf(() => json(throwing).serialize('a')).detail).toContain('one of its checks is asynchronous or threw')
})

test('a value nested too deeply for a schema that contains itself is an error of validation', () => {
  interface Tree {
    children: Tree[]
  }
  const tree: z.ZodType<Tree> = z.object({ children: z.lazy(() => z.array(tree)) })
  const deep = Buffer.from(`${'{"children":['.repeat(50_000)}${']}'.repeat(50_000)}`)
  expect(failureOf(() => json(tree).deserialize(deep)).reason).toBe('VALIDATION')
})

test('a schema that is an object with a method is called as one', () => {
  const own = {
    '~standard': {
      version: 1 as const,
      vendor: 'own',
      allowed: 'a',
      validate(value: unknown) {
        return value === this.allowed ? { value: 'a' } : { issues: [{ message: 'not the one' }] }
      },
    },
  }
  expect(json(own).deserialize(json(own).serialize('a'))).toBe('a')
  expect(failureOf(() => json(own).serialize('b')).detail).toBe('not the one')
})

test('issues without a message to the point, and paths of any form, are taken as they come', () => {
  const own = (issues: readonly { message: string; path?: readonly (PropertyKey | { key: PropertyKey })[] }[]): StandardSchema => ({
    '~standard': { version: 1, vendor: 'own', validate: () => ({ issues }) },
  })
  const path = ['a', { key: 0 }, Symbol('s')]
  expect(failureOf(() => json(own([{ message: 'm', path }])).serialize(1))).toMatchObject({ path: 'a[0]["Symbol(s)"]', detail: 'm' })
  expect(failureOf(() => json(own([])).serialize(1))).toMatchObject({ path: '', detail: 'the value does not fit the schema' })
})

test('what is no Standard Schema is refused, undefined too', () => {
  for (const schema of [undefined, null, {}, { type: 'object' }, { '~standard': { version: 2, validate() {} } }]) {
    const build = () => json(schema as unknown as StandardSchema)
    expect(build).toThrow(KafkaError)
    expect(build).toThrow('for a JSON Schema use jsonSchema()')
  }
})
