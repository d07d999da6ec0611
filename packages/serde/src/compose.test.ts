import { ByteWriter, KafkaError } from '@logwerk/runtime'
import { describe, expect, expectTypeOf, test } from 'vitest'
import { mapSerde, serdeOf } from './compose.ts'
import type { Deserializer, Serde, SerdeContext, Serializer } from './serde.ts'

const context: SerdeContext = { topic: 'orders', isKey: false, headers: [] }
const text = serdeOf({
  name: 'text',
  serialize: (value: string) => Buffer.from(value),
  deserialize: data => Buffer.from(data).toString(),
})
type OrderId = string & { readonly brand: 'OrderId' }

describe('serdeOf', () => {
  test('takes its types from the functions', () => {
    expectTypeOf(text).toEqualTypeOf<Serde<string>>()
    expectTypeOf(serdeOf({ name: 'n', serialize: (value: Date) => Buffer.from(`${value}`), deserialize: () => 5 })).toEqualTypeOf<
      Serde<Date, number>
    >()
    expectTypeOf(text).toExtend<Serializer<string> & Deserializer<string>>()
  })

  test('says what is missing', () => {
    const parts = { name: 'mine', serialize: () => null, deserialize: () => 1 }
    expect(() => serdeOf({ ...parts, name: '' })).toThrow('a serde needs a name')
    const { deserialize: _, ...half } = parts
    const build = () => serdeOf(half as typeof parts)
    expect(build).toThrow(KafkaError)
    expect(build).toThrow('the serde "mine" needs a function "deserialize"')
  })
})

describe('mapSerde', () => {
  test('maps both ways and keeps the name', () => {
    const orderId = mapSerde(text, { write: (id: OrderId) => id, read: value => value as OrderId })
    expectTypeOf(orderId).toEqualTypeOf<Serde<OrderId>>()
    expect(orderId.name).toBe('text')
    expect(Buffer.from(orderId.serialize('a' as OrderId, context) as Uint8Array).toString()).toBe('a')
    expect(orderId.deserialize(Buffer.from('a'), context)).toBe('a')
    expect(orderId.serializeInto).toBe(undefined)
    expect(orderId.prepare).toBe(undefined)
    expect('isAsync' in orderId).toBe(false)
  })

  test('writes in place, prepares and waits where the inner serde does', async () => {
    const prepared: string[] = []
    const inner: Serde<string> = {
      name: 'inner',
      serialize: value => Promise.resolve(Buffer.from(value)),
      serializeInto: (value, writer) => void writer.writeUtf8(value),
      deserialize: async data => Buffer.from(data).toString(),
      prepare: async topics => void prepared.push(...topics),
    }
    const number = mapSerde(inner, { name: 'number', write: (value: number) => `${value}`, read: Number })
    expect(number.name).toBe('number')
    expect(Buffer.from((await number.serialize(42, context)) as Uint8Array).toString()).toBe('42')
    const writer = new ByteWriter()
    number.serializeInto?.(42, writer, context)
    expect(writer.bytes().toString()).toBe('42')
    expect(await number.deserialize(Buffer.from('42'), context)).toBe(42)
    await number.prepare?.(['orders'])
    expect(prepared).toEqual(['orders'])
  })

  test('says, as the inner serde does, that reading has to wait', async () => {
    const slow = serdeOf({
      name: 'slow',
      serialize: (value: string) => Buffer.from(value),
      deserialize: async (data): Promise<string> => Buffer.from(data).toString(),
      isAsync: true,
    })
    expect(slow.isAsync).toBe(true)
    const length = mapSerde(slow, { write: (value: number) => 'x'.repeat(value), read: text => text.length })
    expect(length.isAsync).toBe(true)
    expect(await length.deserialize(Buffer.from('xxx'), context)).toBe(3)
  })

  test('stands on a serde that reads another type than it writes', () => {
    const withDefaults = serdeOf({
      name: 'order',
      serialize: (value: { id: string; count?: number }) => Buffer.from(JSON.stringify(value)),
      deserialize: (data): { id: string; count: number } => ({ count: 1, ...JSON.parse(Buffer.from(data).toString()) }),
    })
    const count = mapSerde(withDefaults, { write: (id: string) => ({ id }), read: ({ count }) => count })
    expectTypeOf(count).toEqualTypeOf<Serde<string, number>>()
    expect(count.deserialize(count.serialize('a', context) as Uint8Array, context)).toBe(1)
  })
})
