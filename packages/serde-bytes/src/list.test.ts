import { ByteWriter } from '@logwerk/runtime'
import { mapSerde, type Serde, type SerdeContext, SerdeError } from '@logwerk/serde'
import fc from 'fast-check'
import { describe, expect, expectTypeOf, test } from 'vitest'
import { bytes, int16, int32, int64, list, string, uuid } from './index.ts'

const context: SerdeContext = { topic: 'orders', isKey: false, headers: [] }
const hexOf = (data: unknown) => Buffer.from(data as Uint8Array).toString('hex')
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
const reading = <T>(serde: Serde<T>, hex: string) => failureOf(() => serde.deserialize(fromHex(hex), context))

test('lists come back, with their nulls, nested too', () => {
  const back = <T>(serde: Serde<T>, value: T) => {
    expect(serde.deserialize(serde.serialize(value, context) as Uint8Array, context)).toEqual(value)
  }
  const ofNullable = <T>(inner: fc.Arbitrary<T>) => fc.array(fc.option(inner))
  fc.assert(fc.property(ofNullable(fc.string({ unit: 'binary' })), value => back(list(string), value)))
  fc.assert(fc.property(ofNullable(fc.integer()), value => back(list(int32), value)))
  fc.assert(fc.property(ofNullable(fc.uuid()), value => back(list(uuid), value)))
  fc.assert(fc.property(ofNullable(ofNullable(fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n))), value => back(list(list(int64)), value)))
  expectTypeOf(list(int64)).toEqualTypeOf<Serde<(bigint | null)[]>>()
})

test('a copy of a serde with a way of reading of its own is read in that way', () => {
  const shouting: Serde<string> = { ...string, name: 'shouting', deserialize: data => string.deserialize(data).toUpperCase() }
  expect(list(shouting).deserialize(list(string).serialize(['a', null], context) as Uint8Array, context)).toEqual(['A', null])
})

test('what was written stays as it is when the next list is written', () => {
  const texts = list(string)
  const first = texts.serialize(['first'], context) as Uint8Array
  const hex = hexOf(first)
  expect(failureOf(() => texts.serialize([5 as unknown as string], context)).path).toBe('[0]')
  expect(texts.serialize(['x'.repeat(100_000)], context)).toHaveLength(100_009)
  texts.serialize(['second'], context)
  expect(hexOf(first)).toBe(hex)
})

test('whatever the bytes are, reading ends in a list or in a SerdeError', () => {
  for (const serde of [list(string), list(int16), list(list(int32))]) {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), fc.constantFrom(0, 1), (data, layout) => {
        try {
          serde.deserialize(Uint8Array.of(layout, ...data), context)
        } catch (error) {
          expect(error).toBeInstanceOf(SerdeError)
        }
      }),
    )
  }
})

describe('bytes that are not a list', () => {
  test('are refused with what is wrong', () => {
    expect(reading(list(int16), '00 00 00 00')).toMatchObject({ reason: 'TOO_SHORT', detail: 'a list takes at least 5 bytes, this has 4' })
    expect(reading(list(int16), '02 00000000')).toMatchObject({ reason: 'BAD_MAGIC', detail: 'the first byte of a list is 0 or 1, not 2' })
    expect(reading(list(string), '01 00000000 ff').detail).toBe('1 bytes are left over behind the list')
    expect(reading(list(string), '01 00000001 fffffffe').detail).toBe('entry 0 of the list has a length of -2')
    expect(reading(list(string), '01 00000001 00000002 61')).toMatchObject({ reason: 'TOO_SHORT' })
    expect(reading(list(string), '00 00000000 00000000').detail).toContain('string has none')
    expect(reading(list(int16), '00 00000000')).toMatchObject({ reason: 'TOO_SHORT' })
    expect(reading(list(int16), '00 00000001 00000001 00000001').detail).toBe('the list has 1 entries and names entry 1 as null')
    expect(reading(list(int16), '00 00000001 ffffffff 00000001').detail).toContain('names entry -1')
  })

  test('do not cost memory where they lie about their number', () => {
    expect(reading(list(string), '01 7fffffff ffffffff').detail).toBe('the list says that it has 2147483647 entries, and 4 bytes are left')
    expect(reading(list(int16), '00 7fffffff 00000000').detail).toContain('2147483647 null entries')
    expect(reading(list(int16), '00 00000000 7fffffff 0000').detail).toContain('2147483647 entries')
    expect(reading(list(int16), '00 80000000 00000000').detail).toContain('-2147483648 null entries')
  })
})

describe('an entry that fails', () => {
  test('is named by its path, down to the innermost', () => {
    const nested = list(list(int32))
    const error = failureOf(() => nested.serialize([[1], [2, 'x' as unknown as number]], context))
    expect(error).toMatchObject({ path: '[1][1]', reason: 'ENCODE' })
    expect(reading(list(int32), '01 00000001 00000002 0000')).toMatchObject({ path: '[0]', reason: 'TOO_SHORT' })
    const named: Serde<string> = {
      name: 'named',
      serialize: () => {
        throw new SerdeError('VALIDATION', 'no', { path: 'price' })
      },
      deserialize: () => {
        throw new Error('plain')
      },
    }
    expect(failureOf(() => list(named).serialize(['a'], context))).toMatchObject({ path: '[0].price', reason: 'VALIDATION' })
    const cause = reading(list(named), '01 00000001 00000000')
    expect(cause).toMatchObject({ path: '[0]', reason: 'DECODE', detail: 'plain', cause: new Error('plain') })
  })

  test('is one of undefined, of a promise, or of another size than promised', () => {
    expect(failureOf(() => list(string).serialize([undefined as unknown as string], context)).path).toBe('[0]')
    const slow: Serde<string> = { name: 'slow', serialize: () => Promise.reject(new Error('later')), deserialize: async () => 'a' }
    expect(failureOf(() => list(slow).serialize(['a'], context)).detail).toContain('the serde "slow" answered with a promise')
    expect(reading(list(slow), '01 00000001 00000000').detail).toContain('cannot wait')
    const liar = { ...int16, sizeBytes: 4 }
    expect(failureOf(() => list(liar).serialize([5], context)).detail).toBe('int16 wrote 2 bytes and not 4')
  })

  test('is none: what is no array', () => {
    expect(failureOf(() => list(string).serialize('abc' as unknown as string[], context)).detail).toBe('a list is an array, not a string')
  })
})

test('serdes without an in-place form, and null answers, take the layout with lengths', () => {
  const plain: Serde<string> = {
    name: 'plain',
    serialize: value => (value === '' ? null : Buffer.from(value)),
    deserialize: data => string.deserialize(data),
  }
  expect(hexOf(list(plain).serialize(['a', '', 'b'], context))).toBe('01000000030000000161ffffffff0000000162')
  const wrapped = mapSerde(int16, { write: (value: number) => value, read: value => value })
  expect(hexOf(list(wrapped).serialize([1], context))).toBe('0100000001000000020001')
  // What a Java list of shorts in that layout would be read as.
  expect(list(int16).deserialize(fromHex('01 00000001 00000002 0001'), context)).toEqual([1])
  const writer = new ByteWriter(Buffer.alloc(1))
  list(bytes).serializeInto!([Uint8Array.of(1)], writer, context)
  expect(hexOf(writer.bytes())).toBe('01000000010000000101')
})
