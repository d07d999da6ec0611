import { SerdeError } from '@logwerk/serde'
import { expect, test } from 'vitest'
import { avro } from './avro.ts'

const order = {
  type: 'record',
  name: 'Order',
  fields: [
    { name: 'id', type: 'string' },
    {
      name: 'items',
      type: {
        type: 'array',
        items: {
          type: 'record',
          name: 'Item',
          fields: [
            { name: 'count', type: 'int' },
            { name: 'at', type: ['null', { type: 'long', logicalType: 'timestamp-millis' }] },
          ],
        },
      },
    },
    { name: 'sizes', type: { type: 'map', values: ['null', 'int', 'double'] } },
    { name: 'parent', type: ['null', 'Order'] },
  ],
} as const
const value = {
  id: 'a',
  items: [
    { count: 1, at: null },
    { count: 2, at: new Date(3) },
  ],
  sizes: { wide: { int: 5 } },
  parent: null,
}
const own = avro(order)
const data = own.serialize(value)

function failureOf(reader: { deserialize(data: Uint8Array): unknown }, bytes: Uint8Array): SerdeError {
  try {
    reader.deserialize(bytes)
  } catch (error) {
    expect(error).toBeInstanceOf(SerdeError)
    return error as SerdeError
  }
  throw new Error('it did not fail')
}

test('data that ends early, or holds what it may not, names the field', () => {
  expect(data.toString('hex')).toBe('026104020004020600020877696465020a0000')
  const pathAt = (length: number) => failureOf(own, data.subarray(0, length)).path
  // The list cannot be there with fewer bytes than its number of items needs.
  expect([0, 1, 2, 6, 7, 8].map(pathAt)).toEqual(['id', 'id', 'items', 'items', 'items[1].at', 'items'])
  expect([9, 10, 12, 15, 16, 17, 18].map(pathAt)).toEqual(['sizes', 'sizes', 'sizes', 'sizes.wide', 'sizes.wide.int', 'sizes', 'parent'])
  const changed = (at: number, byte: number) => failureOf(own, data.with(at, byte))
  expect(changed(4, 0x08)).toMatchObject({ reason: 'DECODE', path: 'items[0].at' })
  expect(changed(4, 0x08).message).toBe('at items[0].at: not data of this schema: invalid union index: 4 (DECODE)')
  expect(changed(15, 0x08)).toMatchObject({ reason: 'DECODE', path: 'sizes.wide' })
})

test('of another writer the field is named as the writer has it', () => {
  const newer = {
    type: 'record',
    name: 'Order',
    fields: [
      { name: 'name', type: 'string', aliases: ['id'] },
      { name: 'added', type: 'int', default: 0 },
    ],
  } as const
  expect(failureOf(avro(newer, { writer: order }), data.subarray(0, 7)).path).toBe('items[1].at')
  const framed = avro(order, { framing: 'single-object' }).serialize(value)
  expect(failureOf(avro(newer, { framing: 'single-object', writers: [order] }), framed.subarray(0, 17)).path).toBe('items[1].at')
  expect(failureOf(avro(order, { framing: 'single-object' }), framed.subarray(0, 17)).path).toBe('items[1].at')
})

test('what is about the whole, or nested without end, has no path', () => {
  expect(failureOf(own, Buffer.concat([data, data])).path).toBe(undefined)
  expect(failureOf(avro('string'), new Uint8Array()).path).toBe('')
  const list = avro({ type: 'record', name: 'L', fields: [{ name: 'next', type: ['null', 'L'] }] })
  expect(failureOf(list, Buffer.alloc(1_000_000, 2)).path).toBe('')
  expect(failureOf(list, Buffer.alloc(3, 2)).path).toBe('next.next.next.next')
})
