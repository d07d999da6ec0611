import { KafkaError } from '@logwerk/runtime'
import { type Serde, SerdeError } from '@logwerk/serde'
import { Ajv } from 'ajv'
import { Ajv2020 } from 'ajv/dist/2020.js'
import formats from 'ajv-formats'
import { describe, expect, expectTypeOf, test, vi } from 'vitest'
import { jsonSchema } from './json-schema.ts'

interface Order {
  id: string
  items: { sku: string; count: number }[]
}
const schema = {
  title: 'Order',
  type: 'object',
  properties: {
    id: { type: 'string', minLength: 1 },
    status: { enum: ['open', 'paid'] },
    items: {
      type: 'array',
      items: { type: 'object', properties: { sku: { type: 'string' }, count: { type: 'integer' } }, required: ['sku'] },
    },
  },
  required: ['id'],
  additionalProperties: false,
}

function failureOf(act: () => unknown): SerdeError {
  try {
    act()
  } catch (error) {
    expect(error).toBeInstanceOf(SerdeError)
    return error as SerdeError
  }
  throw new Error('it did not fail')
}
const compiling = (act: () => unknown) => {
  expect(act).toThrow(KafkaError)
  return expect(act)
}

describe('values', () => {
  const serde = jsonSchema<Order>(schema)
  const order: Order = { id: '1', items: [{ sku: 'a', count: 2 }] }

  test('that fit come back', () => {
    expectTypeOf(serde).toExtend<Serde<Order>>()
    expect(serde.name).toBe('json (Order)')
    expect(serde.deserialize(serde.serialize(order))).toEqual(order)
  })

  test('that do not are refused in both directions, with path and message', () => {
    const wrong: [unknown, string, string][] = [
      [{ id: '1', items: [{ sku: 'a' }, { sku: 5 }] }, 'items[1].sku', 'must be string'],
      [{ items: [] }, '', "must have required property 'id'"],
      [{ id: '1', extra: 1 }, '', 'must NOT have additional properties ("extra")'],
      [{ id: '1', status: 'lost' }, 'status', 'must be equal to one of the allowed values: "open", "paid"'],
    ]
    for (const [value, path, detail] of wrong) {
      expect(failureOf(() => serde.serialize(value as Order))).toMatchObject({ reason: 'VALIDATION', path, detail })
      expect(failureOf(() => serde.deserialize(Buffer.from(JSON.stringify(value))))).toMatchObject({ reason: 'VALIDATION', path, detail })
    }
  })

  test('are counted in full where all errors are asked for', () => {
    const all = jsonSchema(schema, { ajvOptions: { allErrors: true } })
    expect(failureOf(() => all.serialize({ id: '', items: 5 })).detail).toMatch(/, and 1 more$/)
  })

  test('have paths that are JSON pointers no more', () => {
    const odd = jsonSchema({ type: 'object', properties: { 'a/b~c': { type: 'string' } } })
    expect(failureOf(() => odd.serialize({ 'a/b~c': 1 })).path).toBe('["a/b~c"]')
  })

  test('pass unchecked where that is asked for', () => {
    const trusting = jsonSchema(schema, { validateOnRead: false })
    expect(trusting.deserialize(Buffer.from('[]'))).toEqual([])
  })
})

describe('drafts', () => {
  test('choose the class', () => {
    const tuple = { type: 'array', minItems: 1, items: [{ type: 'string' }], additionalItems: false }
    const prefixed = { type: 'array', minItems: 1, prefixItems: [{ type: 'string' }], items: false }
    for (const [$schema, rest] of [
      ['http://json-schema.org/draft-07/schema#', tuple],
      ['https://json-schema.org/draft-07/schema', tuple],
      ['https://json-schema.org/draft/2019-09/schema', tuple],
      ['https://json-schema.org/draft/2020-12/schema', prefixed],
    ] as const) {
      const serde = jsonSchema({ $schema, ...rest }, { ajvOptions: { strictTuples: false } })
      expect(serde.deserialize(Buffer.from('["a"]')), $schema).toEqual(['a'])
      expect(failureOf(() => serde.deserialize(Buffer.from('["a",1]'))).reason, $schema).toBe('VALIDATION')
    }
  })

  test('that ajv does not have are named', () => {
    for (const draft of ['http://json-schema.org/draft-04/schema#', 'http://json-schema.org/draft-06/schema#']) {
      compiling(() => jsonSchema({ $schema: draft })).toThrow(`of the draft "${draft}"; ajv knows draft-07, 2019-09 and 2020-12`)
    }
  })
})

describe('schemas that do not compile', () => {
  test('say why, and what would help', () => {
    compiling(() => jsonSchema({ type: 'strange' })).toThrow('the JSON Schema does not compile: schema is invalid')
    compiling(() => jsonSchema({ type: 'string', format: 'email' })).toThrow('give an instance that has them as `ajv`')
    compiling(() => jsonSchema({ type: 'string', connect: 1 })).toThrow('ajvOptions: { strict: false } lets it pass')
    compiling(() => jsonSchema({ $ref: 'money.json' })).toThrow('give the schema that it names in `references`')
    compiling(() => jsonSchema({ $schema: 'https://json-schema.org/draft/2020-12/schema' }, { ajv: new Ajv() })).toThrow(
      'the instance given as `ajv` does not know the draft of $schema',
    )
    compiling(() => jsonSchema({ $async: true, type: 'string' })).toThrow('checks asynchronously')
    compiling(() => jsonSchema({}, { ajv: new Ajv(), ajvOptions: {} })).toThrow('takes ajv or ajvOptions')
  })

  test('because the process forbids to make code out of text, say so', () => {
    class Forbidden {
      constructor() {
        throw new EvalError('Code generation from strings disallowed for this context')
      }
    }
    vi.stubGlobal('Function', Forbidden)
    let thrown: unknown
    try {
      jsonSchema({ type: 'string' }, { ajvOptions: { logger: false } })
    } catch (error) {
      thrown = error
    } finally {
      vi.unstubAllGlobals()
    }
    expect(thrown).toMatchObject({ code: 'INVALID_CONFIG', message: expect.stringContaining('give json() a Standard Schema') })
  })

  test('and the ways out work', () => {
    const loose = jsonSchema({ type: 'string', connect: 1 }, { ajvOptions: { strict: false } })
    expect(loose.deserialize(Buffer.from('"a"'))).toBe('a')
    const money = jsonSchema({ $ref: 'money.json' }, { references: { 'money.json': { type: 'integer' } } })
    expect(failureOf(() => money.serialize('a')).detail).toBe('must be integer')
    const references = { 'cents.json': { type: 'integer' } }
    const shared = new Ajv()
    for (const type of ['key', 'value']) {
      const cents = jsonSchema({ title: type, $ref: 'cents.json' }, { ajv: shared, references })
      expect(failureOf(() => cents.serialize('a')).detail).toBe('must be integer')
    }
    const ajv = new Ajv2020()
    formats.default(ajv)
    const mail = jsonSchema({ $schema: 'https://json-schema.org/draft/2020-12/schema', type: 'string', format: 'email' }, { ajv })
    expect(mail.deserialize(Buffer.from('"a@b.example"'))).toBe('a@b.example')
    expect(failureOf(() => mail.serialize('nobody')).detail).toBe('must match format "email"')
  })
})

test('a boolean is a schema: everything, or nothing', () => {
  expect(jsonSchema(true).deserialize(Buffer.from('1'))).toBe(1)
  expect(failureOf(() => jsonSchema(false).deserialize(Buffer.from('1'))).reason).toBe('VALIDATION')
})
