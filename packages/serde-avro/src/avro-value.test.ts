import { expectTypeOf, test } from 'vitest'
import type { AvroSchema } from './avro-schema.ts'
import type { AvroDuration, AvroInput, AvroOutput } from './avro-value.ts'

/** Only the types are looked at. */
function output<const S extends AvroSchema>(_schema: S): AvroOutput<S> {
  return undefined as never
}
function input<const S extends AvroSchema>(_schema: S): AvroInput<S> {
  return undefined as never
}

// biome-ignore lint/complexity/noBannedTypes: a record without fields is just that
type Empty = {}

test('primitives', () => {
  expectTypeOf(output('null')).toEqualTypeOf<null>()
  expectTypeOf(output('boolean')).toEqualTypeOf<boolean>()
  expectTypeOf(output('int')).toEqualTypeOf<number>()
  expectTypeOf(output('long')).toEqualTypeOf<bigint>()
  expectTypeOf(output('float')).toEqualTypeOf<number>()
  expectTypeOf(output('double')).toEqualTypeOf<number>()
  expectTypeOf(output('bytes')).toEqualTypeOf<Uint8Array>()
  expectTypeOf(output({ type: 'string', 'avro.java.string': 'String' })).toEqualTypeOf<string>()
})

const order = {
  type: 'record',
  name: 'Order',
  namespace: 'shop',
  fields: [
    { name: 'id', type: 'string' },
    { name: 'cents', type: 'long' },
    { name: 'status', type: { type: 'enum', name: 'Status', symbols: ['OPEN', 'PAID'] }, default: 'OPEN' },
    { name: 'previous', type: ['null', 'Status'], default: null },
    { name: 'tags', type: { type: 'array', items: 'string' } },
    { name: 'sizes', type: { type: 'map', values: 'int' } },
    { name: 'hash', type: { type: 'fixed', name: 'Md5', size: 16 } },
  ],
} as const satisfies AvroSchema

test('records, with fields to be left out where they have a default', () => {
  expectTypeOf(output(order)).toEqualTypeOf<{
    id: string
    cents: bigint
    status: 'OPEN' | 'PAID'
    previous: 'OPEN' | 'PAID' | null
    tags: string[]
    sizes: { [key: string]: number }
    hash: Uint8Array
  }>()
  expectTypeOf(input(order)).toEqualTypeOf<{
    id: string
    cents: bigint
    tags: readonly string[]
    sizes: { [key: string]: number }
    hash: Uint8Array
    status?: 'OPEN' | 'PAID' | undefined
    previous?: 'OPEN' | 'PAID' | null | undefined
  }>()
  expectTypeOf(output({ type: 'record', name: 'Empty', fields: [] })).toEqualTypeOf<Empty>()
})

test('unions whose branches differ in kind are plain', () => {
  expectTypeOf(output(['null', 'string'])).toEqualTypeOf<string | null>()
  expectTypeOf(output(['null', 'int', 'long', 'bytes', 'boolean'])).toEqualTypeOf<number | bigint | Uint8Array | boolean | null>()
  expectTypeOf(output(['int', { type: 'long', logicalType: 'timestamp-millis' }])).toEqualTypeOf<number | Date>()
  expectTypeOf(output(['null', { type: 'array', items: ['null', 'int'] }])).toEqualTypeOf<(number | null)[] | null>()
})

test('unions whose branches do not are wrapped in their names', () => {
  expectTypeOf(output(['null', 'int', 'double'])).toEqualTypeOf<{ int: number } | { double: number } | null>()
  const card = { type: 'record', name: 'Card', fields: [{ name: 'number', type: 'string' }] } as const
  const cash = { type: 'record', name: 'pay.Cash', fields: [] } as const
  expectTypeOf(output([card, cash])).toEqualTypeOf<{ Card: { number: string } } | { 'pay.Cash': Empty }>()
  const nested = { type: 'record', name: 'shop.Sale', fields: [{ name: 'by', type: ['null', card, cash] }] } as const
  expectTypeOf(output(nested)).toEqualTypeOf<{ by: { 'shop.Card': { number: string } } | { 'pay.Cash': Empty } | null }>()
  expectTypeOf(output(['string', { type: 'int', logicalType: 'date' }])).toEqualTypeOf<{ string: string } | { int: string }>()
})

test('logical types', () => {
  expectTypeOf(output({ type: 'long', logicalType: 'timestamp-millis' })).toEqualTypeOf<Date>()
  expectTypeOf(output({ type: 'long', logicalType: 'timestamp-micros' })).toEqualTypeOf<bigint>()
  expectTypeOf(output({ type: 'long', logicalType: 'local-timestamp-millis' })).toEqualTypeOf<bigint>()
  expectTypeOf(output({ type: 'int', logicalType: 'date' })).toEqualTypeOf<string>()
  expectTypeOf(output({ type: 'int', logicalType: 'time-millis' })).toEqualTypeOf<number>()
  expectTypeOf(output({ type: 'long', logicalType: 'time-micros' })).toEqualTypeOf<bigint>()
  expectTypeOf(output({ type: 'bytes', logicalType: 'decimal', precision: 10, scale: 2 })).toEqualTypeOf<string>()
  expectTypeOf(output({ type: 'fixed', name: 'D', size: 8, logicalType: 'decimal', precision: 10 })).toEqualTypeOf<string>()
  expectTypeOf(output({ type: 'string', logicalType: 'uuid' })).toEqualTypeOf<string>()
  expectTypeOf(output({ type: 'fixed', name: 'U', size: 16, logicalType: 'uuid' })).toEqualTypeOf<string>()
  expectTypeOf(output({ type: 'fixed', name: 'T', size: 12, logicalType: 'duration' })).toEqualTypeOf<AvroDuration>()
  // On the wrong type, without what it needs, or of another name: ignored, as Avro demands.
  expectTypeOf(output({ type: 'int', logicalType: 'timestamp-millis' })).toEqualTypeOf<number>()
  expectTypeOf(output({ type: 'bytes', logicalType: 'decimal' })).toEqualTypeOf<Uint8Array>()
  expectTypeOf(output({ type: 'string', logicalType: 'iban' })).toEqualTypeOf<string>()
})

test('names are looked up in the namespace around them, and types may contain themselves', () => {
  const tree = {
    type: 'record',
    name: 'a.b.Tree',
    fields: [
      { name: 'value', type: 'int' },
      { name: 'left', type: ['null', 'Tree'] },
      { name: 'others', type: { type: 'array', items: 'a.b.Tree' } },
      { name: 'unknown', type: 'c.Tree' },
    ],
  } as const
  interface Tree {
    value: number
    left: Tree | null
    others: Tree[]
    unknown: unknown
  }
  const read = output(tree)
  expectTypeOf(read).toExtend<Tree>()
  expectTypeOf<Tree>().toExtend<typeof read>()
  expectTypeOf<Tree>().toExtend<ReturnType<typeof input<typeof tree>>>()
  const deep = (one: typeof read) => one.left!.others[0]!.left!.left!.others[5]!.value
  expectTypeOf(deep).returns.toEqualTypeOf<number>()
})

test('what is not literal is unknown', () => {
  const schema = 'string' as string
  expectTypeOf(output(schema)).toBeUnknown()
  expectTypeOf(output(['null', 'string'] as string[])).toBeUnknown()
  expectTypeOf(output({ type: 'array', items: schema })).toEqualTypeOf<unknown[]>()
})

test('a schema that is none does not compile', () => {
  // @ts-expect-error a record has fields
  output({ type: 'record', name: 'R' })
  // @ts-expect-error no such type
  output({ type: 'text' })
})

test('a schema of the general type, or with such parts, is one of unknown values', () => {
  const schema = 'int' as AvroSchema
  expectTypeOf(output(schema)).toBeUnknown()
  expectTypeOf(output({ type: 'map', values: schema })).toEqualTypeOf<{ [key: string]: unknown }>()
  expectTypeOf(output(['null', schema])).toBeUnknown()
})
