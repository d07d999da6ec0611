import { type Random, randomBelow } from '@logwerk/runtime'
import type { AvroSchema } from './avro-schema.ts'

/** A schema, values of it, and how a reader's schema might have grown out of it. */
export interface RandomSchema {
  readonly schema: AvroSchema
  value(): unknown
  readonly reader: AvroSchema
  /** Of values in JavaScript; a union is wrapped where two branches have the same. */
  readonly kind: string
  /** Names it in a union. */
  readonly branch: string
}

/** Makes schemas of every type, nested up to `depth`; the same ones for the same `random`. */
export function randomSchema(random: Random, depth: number): RandomSchema {
  let nameCount = 0
  const below = (bound: number) => randomBelow(random, bound)
  const named = (prefix: string) => `${prefix}${nameCount++}`
  const many = <T>(most: number, make: (index: number) => T) => Array.from({ length: below(most + 1) }, (_, index) => make(index))
  const leaf = (schema: AvroSchema, kind: string, value: () => unknown, reader = schema): RandomSchema => {
    const { name, type } = typeof schema === 'string' ? { name: undefined, type: schema } : (schema as { name?: string; type: string })
    return { schema, value, reader, kind, branch: name ?? type }
  }
  const int32 = () => random.uint32() | 0
  const bytes = (length: number) => Buffer.from(random.bytes(length))

  const leaves: readonly (() => RandomSchema)[] = [
    () => leaf('null', 'null', () => null),
    () => leaf('boolean', 'boolean', () => below(2) === 1),
    () => leaf('int', 'number', int32, ['int', 'long', 'float', 'double'][below(4)]),
    () => leaf('long', 'bigint', () => BigInt.asIntN(64, bytes(8).readBigInt64LE() >> BigInt(below(64)))),
    () => leaf('float', 'number', () => Math.fround(int32() / 3), 'double'),
    () => leaf('double', 'number', () => [int32() / 3, -0, 1e300, Number.NEGATIVE_INFINITY][below(4)]),
    () =>
      leaf('string', 'string', () =>
        'xä€🦊'
          .repeat(below(30))
          .slice(0, -1)
          .replace(/[\ud800-\udbff]$/, ''),
      ),
    () => leaf('bytes', 'bytes', () => bytes(below(20))),
    () => leaf({ type: 'long', logicalType: 'timestamp-millis' }, 'date', () => new Date(int32() * 1000), 'long'),
    () => leaf({ type: 'int', logicalType: 'date' }, 'string', () => new Date(int32() * 1000).toISOString().slice(0, 10)),
    () => leaf({ type: 'bytes', logicalType: 'decimal', precision: 10, scale: 2 }, 'string', () => (int32() / 100).toFixed(2)),
    () =>
      leaf(
        { type: 'string', logicalType: 'uuid' },
        'string',
        () =>
          bytes(16)
            .toString('hex')
            .replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-'),
        'string',
      ),
    () => {
      const size = 1 + below(9)
      return leaf({ type: 'fixed', name: named('F'), size }, 'bytes', () => bytes(size))
    },
    () => {
      const symbols = ['A', ...many(4, index => `S${index}`)]
      const schema = { type: 'enum', name: named('E'), symbols } as const
      return leaf(schema, 'string', () => symbols[below(symbols.length)], { ...schema, symbols: ['NEW', ...symbols.toReversed()] })
    },
  ]

  const array = (items: RandomSchema): RandomSchema => ({
    schema: { type: 'array', items: items.schema },
    value: () => many(5, items.value),
    reader: { type: 'array', items: items.reader },
    kind: 'array',
    branch: 'array',
  })
  const map = (values: RandomSchema): RandomSchema => ({
    schema: { type: 'map', values: values.schema },
    value: () => Object.fromEntries(many(4, index => [`k${index}`, values.value()])),
    reader: { type: 'map', values: values.reader },
    kind: 'object',
    branch: 'map',
  })
  const record = (inner: () => RandomSchema): RandomSchema => {
    const name = named('R')
    const fields = many(5, index => ({ name: `f${index}`, of: inner() }))
    const kept = fields.filter(() => below(4) > 0).toReversed()
    const added = { name: 'added', type: ['null', 'long'], default: null } as const
    return {
      schema: { type: 'record', name, fields: fields.map(field => ({ name: field.name, type: field.of.schema })) },
      value: () => Object.fromEntries(fields.map(field => [field.name, field.of.value()])),
      reader: { type: 'record', name, fields: [added, ...kept.map(field => ({ name: field.name, type: field.of.reader }))] },
      kind: 'object',
      branch: name,
    }
  }
  const union = (inner: () => RandomSchema): RandomSchema => {
    const branches: RandomSchema[] = [leaves[0]!()]
    for (const branch of many(4, inner)) {
      if (branch.kind !== 'union' && !branches.some(other => other.branch === branch.branch)) branches.push(branch)
    }
    const isWrapped = new Set(branches.map(branch => branch.kind)).size < branches.length
    const value = () => {
      const branch = branches[below(branches.length)]!
      const bare = branch.value()
      return isWrapped && bare !== null ? { [branch.branch]: bare } : bare
    }
    const schema = branches.map(branch => branch.schema)
    return { schema, value, reader: schema.toReversed(), kind: 'union', branch: '' }
  }

  const nested = (left: number): RandomSchema => {
    const kind = left === 0 ? 9 : below(10)
    const inner = () => nested(left - 1)
    return kind === 0
      ? array(inner())
      : kind === 1
        ? map(inner())
        : kind < 4
          ? record(inner)
          : kind < 6
            ? union(inner)
            : leaves[below(leaves.length)]!()
  }
  return record(() => nested(depth))
}
