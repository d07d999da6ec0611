import { describe, expect, expectTypeOf, test } from 'vitest'
import {
  type ConfigInputOf,
  type ConfigOf,
  decimal,
  defineConfig,
  describeConfig,
  durationMs,
  flag,
  fromProperties,
  integer,
  oneOf,
  resolveConfig,
  sizeBytes,
  stringList,
  text,
} from './config.ts'
import { KafkaError } from './errors.ts'

const table = defineConfig({
  bootstrapServers: stringList({ kafkaKey: 'bootstrap.servers', default: undefined, doc: 'Where to begin.' }),
  lingerMs: durationMs({ kafkaKey: 'linger.ms', default: 5, min: 0, doc: 'Longest a batch waits.' }),
  batchSize: sizeBytes({ kafkaKey: 'batch.size', default: 16_384, min: 0, max: 1_000_000, doc: 'Bytes of a batch.' }),
  retries: integer({ default: 3, doc: 'How often.' }),
  jitter: decimal({ default: 0.2, min: 0, max: 1, doc: 'Part of the wait.' }),
  idempotence: flag({ kafkaKey: 'enable.idempotence', default: true, doc: 'No duplicates.' }),
  clientId: text({ kafkaKey: 'client.id', default: 'logwerk', doc: 'Who.' }),
  rack: text({ kafkaKey: 'client.rack', default: null, doc: 'Where.' }),
  acks: oneOf({ kafkaKey: 'acks', values: ['all', '0', '1'], default: 'all', doc: 'When.' }),
  timeoutMs: durationMs({ default: Number.POSITIVE_INFINITY, min: 0, max: Number.POSITIVE_INFINITY, doc: 'No limit unless set.' }),
})

const required = { bootstrapServers: ['localhost:9092'] }
const resolve = (input: Record<string, unknown>) => resolveConfig('createProducer', table, { ...required, ...input })

function failureOf(action: () => unknown): KafkaError {
  try {
    action()
  } catch (error) {
    if (error instanceof KafkaError) return error
    throw error
  }
  throw new Error('nothing was thrown')
}

describe('resolveConfig', () => {
  test('fills in the defaults, for undefined too, and adds nothing', () => {
    expect(resolve({ lingerMs: undefined, rack: null })).toEqual({
      bootstrapServers: ['localhost:9092'],
      lingerMs: 5,
      batchSize: 16_384,
      retries: 3,
      jitter: 0.2,
      idempotence: true,
      clientId: 'logwerk',
      rack: null,
      acks: 'all',
      timeoutMs: Number.POSITIVE_INFINITY,
    })
  })

  test('takes what is given, falsy values among it', () => {
    const given = { lingerMs: 0, idempotence: false, clientId: '', rack: 'a', acks: '0', retries: -1, jitter: 0.5, timeoutMs: 100 }
    expect(resolve(given)).toMatchObject(given)
  })

  test('an option without a default has to be given; the error says what it is for', () => {
    const error = failureOf(() => resolveConfig('createProducer', table, {}))
    expect(error.code).toBe('INVALID_CONFIG')
    expect(error.message).toBe('createProducer: option "bootstrapServers" is missing: Where to begin.')
  })

  test.each([
    ['lingerMs', '5', 'must be a whole number of milliseconds, not "5"'],
    ['lingerMs', 0.5, 'must be a whole number of milliseconds, not 0.5'],
    ['lingerMs', Number.NaN, 'must be a whole number of milliseconds, not NaN'],
    ['lingerMs', Number.POSITIVE_INFINITY, 'must be a whole number of milliseconds, not Infinity'],
    ['lingerMs', 5n, 'must be a whole number of milliseconds, not 5'],
    ['lingerMs', null, 'must be a whole number of milliseconds, not null'],
    ['lingerMs', -1, 'must be at least 0 milliseconds, not -1'],
    ['lingerMs', 2 ** 53, 'must be at least 0 milliseconds, not 9007199254740992'],
    ['batchSize', 1_000_001, 'must be between 0 and 1000000 bytes, not 1000001'],
    ['batchSize', [], 'must be a whole number of bytes, not []'],
    ['retries', 2 ** 53, 'must be at most 9007199254740991, not 9007199254740992'],
    ['retries', '3', 'must be a whole number, not "3"'],
    ['jitter', 1.01, 'must be between 0 and 1, not 1.01'],
    ['jitter', '0.2', 'must be a number, not "0.2"'],
    ['idempotence', 'true', 'must be true or false, not "true"'],
    ['clientId', 5, 'must be a string, not 5'],
    ['clientId', null, 'must be a string, not null'],
    ['rack', 5, 'must be a string or null, not 5'],
    ['acks', 1, "must be one of 'all', '0', '1', not 1"],
    ['acks', 'ALL', "must be one of 'all', '0', '1', not \"ALL\""],
    ['bootstrapServers', 'localhost:9092', 'must be a list of strings, not "localhost:9092"'],
    ['bootstrapServers', [5], 'must be a list of strings, not [5]'],
    ['bootstrapServers', () => [], 'must be a list of strings, not a function'],
    ['timeoutMs', -1, 'must be at least 0 milliseconds, not -1'],
    ['timeoutMs', Number.NEGATIVE_INFINITY, 'must be a whole number of milliseconds, not -Infinity'],
  ])('%s does not take %o', (name, value, complaint) => {
    const error = failureOf(() => resolve({ [name]: value }))
    expect(error.code).toBe('INVALID_CONFIG')
    expect(error.message).toBe(`createProducer: option "${name}" ${complaint}`)
  })

  test.each([
    ['lingerMs', 0],
    ['lingerMs', Number.MAX_SAFE_INTEGER],
    ['batchSize', 0],
    ['batchSize', 1_000_000],
    ['retries', Number.MIN_SAFE_INTEGER],
    ['jitter', 0],
    ['jitter', 1],
    ['timeoutMs', Number.POSITIVE_INFINITY],
    ['bootstrapServers', []],
  ])('%s takes %o: the ends of a range belong to it', (name, value) => {
    expect(resolve({ [name]: value })).toHaveProperty(name, value)
  })

  test('names the option that an unknown one may mean', () => {
    const message = (key: string) => failureOf(() => resolve({ [key]: 1 })).message
    expect(message('lingerMS')).toBe('createProducer: unknown option "lingerMS"; did you mean "lingerMs"?')
    expect(message('compressionType')).toBe('createProducer: unknown option "compressionType"')
    // Not an option, though every object has one.
    expect(message('toString')).toBe('createProducer: unknown option "toString"')
    expect(failureOf(() => resolve({ lingerMS: undefined })).message).toContain('unknown option')
  })

  test("points from Kafka's dotted name to the option, and to fromProperties", () => {
    expect(failureOf(() => resolve({ 'linger.ms': 5 })).message).toBe(
      'createProducer: unknown option "linger.ms"; write "lingerMs", or pass dotted names through fromProperties',
    )
  })

  test.each([[undefined], [null], ['localhost:9092'], [() => {}], [[]]])('%o is no set of options', input => {
    const error = failureOf(() => resolveConfig('createProducer', table, input as unknown as Record<string, unknown>))
    expect(error).toMatchObject({ code: 'INVALID_CONFIG' })
    expect(error.message).toMatch(/^createProducer: the options must be an object, not /)
  })
})

describe('fromProperties', () => {
  const from = (properties: Record<string, unknown>) => fromProperties('createProducer', table, properties)

  test.each([
    ['linger.ms', '100', { lingerMs: 100 }],
    ['linger.ms', ' 100 ', { lingerMs: 100 }],
    ['linger.ms', '1e2', { lingerMs: 100 }],
    ['linger.ms', 100, { lingerMs: 100 }],
    ['enable.idempotence', 'TRUE', { idempotence: true }],
    ['enable.idempotence', 'false ', { idempotence: false }],
    ['enable.idempotence', false, { idempotence: false }],
    ['client.id', ' billing ', { clientId: 'billing' }],
    ['client.id', '', { clientId: '' }],
    ['client.rack', 'a', { rack: 'a' }],
    ['client.rack', null, { rack: null }],
    ['acks', 'All ', { acks: 'all' }],
    ['acks', '1', { acks: '1' }],
    ['bootstrap.servers', 'a:1, b:2,,', { bootstrapServers: ['a:1', 'b:2'] }],
    ['bootstrap.servers', '', { bootstrapServers: [] }],
    ['bootstrap.servers', ['a:1'], { bootstrapServers: ['a:1'] }],
  ])('%s: %j', (property, value, expected) => {
    expect(from({ [property]: value })).toEqual(expected)
  })

  test('gives what was there, without the defaults, ready for resolveConfig', () => {
    const input = from({ 'bootstrap.servers': 'a:1', acks: '0' })
    expect(input).toEqual({ bootstrapServers: ['a:1'], acks: '0' })
    expect(resolveConfig('createProducer', table, input)).toMatchObject({ bootstrapServers: ['a:1'], acks: '0', lingerMs: 5 })
    expect(from({})).toEqual({})
  })

  test.each([
    ['linger.ms', 'soon', 'property "linger.ms" must be a whole number of milliseconds, not "soon"'],
    ['linger.ms', '', 'property "linger.ms" must be a whole number of milliseconds, not ""'],
    ['linger.ms', '0x10', 'property "linger.ms" must be a whole number of milliseconds, not "0x10"'],
    ['linger.ms', '5 ms', 'property "linger.ms" must be a whole number of milliseconds, not "5 ms"'],
    ['linger.ms', '0.5', 'property "linger.ms" must be a whole number of milliseconds, not "0.5"'],
    ['linger.ms', '-5', 'property "linger.ms" must be at least 0 milliseconds, not "-5"'],
    ['enable.idempotence', 'yes', 'property "enable.idempotence" must be true or false, not "yes"'],
    ['acks', '2', "property \"acks\" must be one of 'all', '0', '1', not \"2\""],
    ['client.id', 5, 'property "client.id" must be a string, not 5'],
    ['lingerMs', '5', 'unknown property "lingerMs"; did you mean "linger.ms"?'],
    ['linger.m', '5', 'unknown property "linger.m"; did you mean "linger.ms"?'],
    ['retries', '5', 'unknown property "retries"'],
    ['compression.type', 'zstd', 'unknown property "compression.type"'],
  ])('%s = %j is refused', (property, value, complaint) => {
    const error = failureOf(() => from({ [property]: value }))
    expect(error.code).toBe('INVALID_CONFIG')
    expect(error.message).toBe(`createProducer: ${complaint}`)
  })
})

describe('what is no set of properties', () => {
  test.each([
    [null, 'createProducer: the properties must be an object, not null'],
    [[], 'createProducer: the properties must be an object, not []'],
    ['acks=0', 'createProducer: the properties must be an object, not "acks=0"; parseProperties makes one of a text'],
  ])('%j', (properties, message) => {
    const error = failureOf(() => fromProperties('createProducer', table, properties as unknown as Record<string, unknown>))
    expect(error).toMatchObject({ code: 'INVALID_CONFIG', message })
  })
})

test('describeConfig has a row for every option, in the order of the table', () => {
  const rows = describeConfig(table)
  expect(rows.map(row => row.name)).toEqual(Object.keys(table))
  expect(rows.slice(0, 2)).toEqual([
    { name: 'bootstrapServers', default: 'required', unit: 'stringList', range: '', kafkaKey: 'bootstrap.servers', doc: 'Where to begin.' },
    { name: 'lingerMs', default: '5', unit: 'ms', range: 'from 0', kafkaKey: 'linger.ms', doc: 'Longest a batch waits.' },
  ])
  expect(rows.slice(2).map(row => [row.default, row.unit, row.range, row.kafkaKey])).toEqual([
    ['16384', 'bytes', '0 to 1000000', 'batch.size'],
    ['3', 'integer', '', ''],
    ['0.2', 'number', '0 to 1', ''],
    ['true', 'boolean', '', 'enable.idempotence'],
    ['"logwerk"', 'string', '', 'client.id'],
    ['null', 'string', '', 'client.rack'],
    ['"all"', 'all | 0 | 1', '', 'acks'],
    ['Infinity', 'ms', 'from 0', ''],
  ])
  expect(describeConfig({ level: integer({ default: 1, max: 9, doc: '' }) })[0]?.range).toBe('to 9')
})

describe('types', () => {
  test('the resolved configuration has every option, and what may be null says so', () => {
    const config = resolve({})
    expectTypeOf(config).toEqualTypeOf<ConfigOf<typeof table>>()
    expectTypeOf(config).toEqualTypeOf<{
      readonly bootstrapServers: readonly string[]
      readonly lingerMs: number
      readonly batchSize: number
      readonly retries: number
      readonly jitter: number
      readonly idempotence: boolean
      readonly clientId: string
      readonly rack: string | null
      readonly acks: 'all' | '0' | '1'
      readonly timeoutMs: number
    }>()
    expect(config.lingerMs).toBe(5)
  })

  test('the input may leave out what has a default, and nothing else', () => {
    type Input = ConfigInputOf<typeof table>
    expectTypeOf<Pick<Input, 'bootstrapServers' | 'lingerMs' | 'rack' | 'acks'>>().toEqualTypeOf<{
      readonly bootstrapServers: readonly string[]
      readonly lingerMs?: number | undefined
      readonly rack?: string | null | undefined
      readonly acks?: 'all' | '0' | '1' | undefined
    }>()
    expectTypeOf<{ bootstrapServers: string[]; lingerMs: undefined }>().toExtend<Input>()
    expectTypeOf<{ lingerMs: 5 }>().not.toExtend<Input>()
    expectTypeOf<{ bootstrapServers: string[]; acks: '2' }>().not.toExtend<Input>()
    expectTypeOf<{ bootstrapServers: string[]; clientId: null }>().not.toExtend<Input>()
    expect(resolveConfig('test', table, { bootstrapServers: [] } satisfies Input).acks).toBe('all')
  })

  test('a default has to be one of the values', () => {
    // @ts-expect-error 'some' is not among them
    const option = oneOf({ values: ['all', 'none'], default: 'some', doc: '' })
    expect(option.complaint(option.default)).toContain('must be one of')
  })
})
