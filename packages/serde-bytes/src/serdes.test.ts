import { ByteWriter } from '@logwerk/runtime'
import { type Serde, type SerdeContext, SerdeError } from '@logwerk/serde'
import fc from 'fast-check'
import { describe, expect, expectTypeOf, test } from 'vitest'
import { boolean, bytes, float32, float64, int16, int32, int64, list, none, string, uuid } from './index.ts'

const context: SerdeContext = { topic: 'orders', isKey: true, headers: [] }

function failureOf(act: () => unknown): SerdeError {
  try {
    act()
  } catch (error) {
    expect(error).toBeInstanceOf(SerdeError)
    return error as SerdeError
  }
  throw new Error('it did not fail')
}
const written = <T>(serde: Serde<T>, value: unknown) => failureOf(() => serde.serialize(value as T, context))
const read = <T>(serde: Serde<T>, ...data: number[]) => failureOf(() => serde.deserialize(Uint8Array.from(data), context))

/** Both ways of writing agree, and reading gives the value back also from a view into a larger buffer. */
function comesBack<T>(serde: Serde<T>, value: T): void {
  const data = Buffer.from(serde.serialize(value, context) as Uint8Array)
  const writer = new ByteWriter(Buffer.alloc(3))
  writer.writeInt8(1)
  serde.serializeInto!(value, writer, context)
  expect(writer.bytes().subarray(1).equals(data)).toBe(true)
  writer.writeInt8(1)
  const view = new Uint8Array(writer.buffer.buffer, writer.buffer.byteOffset + 1, data.length)
  expect(serde.deserialize(view, context)).toEqual(value)
}

describe('round trips', () => {
  test('string', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), value => comesBack(string, value)))
    comesBack(string, '')
    comesBack(string, 'ä€🦊\u0000'.repeat(10_000))
  })
  test('numbers', () => {
    fc.assert(fc.property(fc.integer({ min: -32768, max: 32767 }), value => comesBack(int16, value)))
    fc.assert(fc.property(fc.integer(), value => comesBack(int32, value)))
    fc.assert(fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), value => comesBack(int64, value)))
    fc.assert(fc.property(fc.float(), value => comesBack(float32, value)))
    fc.assert(fc.property(fc.double(), value => comesBack(float64, value)))
  })
  test('boolean, uuid and bytes', () => {
    comesBack(boolean, true)
    comesBack(boolean, false)
    fc.assert(fc.property(fc.uuid(), value => comesBack(uuid, value)))
    fc.assert(fc.property(fc.uint8Array(), value => void expect(bytes.deserialize(bytes.serialize(value))).toBe(value)))
    const writer = new ByteWriter()
    bytes.serializeInto(Uint8Array.of(7, 8), writer)
    expect([...writer.bytes()]).toEqual([7, 8])
  })
})

test('every NaN is written as the one of Java', () => {
  const zero = Number('0')
  for (const value of [NaN, zero / zero, -NaN]) {
    comesBack(float32, value)
    comesBack(float64, value)
    expect((float32.serialize(value) as Buffer).toString('hex')).toBe('7fc00000')
    expect((float64.serialize(value) as Buffer).toString('hex')).toBe('7ff8000000000000')
  }
})

test('a wrong length names the one that is expected', () => {
  expect(read(int16, 1)).toMatchObject({ reason: 'TOO_SHORT', detail: 'int16: 2 bytes are expected, and this is 1' })
  expect(read(int32, 1, 2, 3, 4, 5)).toMatchObject({ reason: 'DECODE', detail: 'int32: 4 bytes are expected, and this is 5' })
  for (const [serde, sizeBytes] of [
    [int64, 8],
    [float32, 4],
    [float64, 8],
    [uuid, 36],
    [boolean, 1],
  ] as const) {
    expect(read<unknown>(serde as Serde<unknown>, ...new Array(sizeBytes - 1).fill(1)).reason).toBe('TOO_SHORT')
    expect(read<unknown>(serde as Serde<unknown>, ...new Array(sizeBytes + 1).fill(1)).reason).toBe('DECODE')
  }
})

test('a boolean is one of two bytes', () => {
  expect(read(boolean, 2).detail).toBe('a boolean is the byte 0x00 or 0x01, not 0x02')
})

describe('a value of the wrong kind', () => {
  test('is refused alone and in place', () => {
    const wrong: [Serde<never, unknown>, unknown, string][] = [
      [string, 5, 'a string is expected, not the number 5'],
      [bytes, 'text', 'bytes are a Uint8Array, not a string'],
      [int16, 32768, 'an int16 is an integer in [-32768, 32768), not the number 32768'],
      [int16, 1.5, 'not the number 1.5'],
      [int32, 2 ** 31, 'not the number 2147483648'],
      [int32, -(2 ** 31) - 1, 'not the number -2147483649'],
      [int32, 5n, 'not the bigint 5n'],
      [int64, 5, 'an int64 is a bigint (5n, BigInt(5)), not the number 5'],
      [int64, 2n ** 63n, 'the bigint 9223372036854775808n does not fit an int64'],
      [int64, -(2n ** 63n) - 1n, 'does not fit an int64'],
      [int64, 2n ** 100_000n, 'a bigint of more than 256 bits does not fit an int64'],
      [float32, '1', 'a float32 is a number, not a string'],
      [float64, null, 'a float64 is a number, not null'],
      [boolean, 'true', 'a boolean is true or false, not a string'],
      [uuid, undefined, 'a uuid is a string, not undefined'],
      [uuid, '123e4567e89b12d3a456426614174000', '8-4-4-4-12'],
    ]
    for (const [serde, value, detail] of wrong) {
      const error = written(serde as Serde<unknown>, value)
      expect(error.reason).toBe('ENCODE')
      expect(error.detail).toContain(detail)
      expect(failureOf(() => serde.serializeInto!(value as never, new ByteWriter(), context)).detail).toContain(detail)
    }
  })
})

describe('uuid', () => {
  test('is written and read in small letters', () => {
    const id = '123E4567-E89B-12D3-A456-426614174000'
    expect((uuid.serialize(id) as Buffer).toString()).toBe(id.toLowerCase())
    expect(uuid.deserialize(Buffer.from(id))).toBe(id.toLowerCase())
  })
  test('says what it found', () => {
    expect(failureOf(() => uuid.deserialize(Buffer.from('x'.repeat(36))))).toMatchObject({ reason: 'DECODE' })
    expect(written(uuid, 'y'.repeat(1000)).detail).toHaveLength('a uuid has the form 8-4-4-4-12 of hexadecimal digits, not ""'.length + 81)
  })
})

test('string writes half of a surrogate pair as Java does, wherever it stands', () => {
  // What Java 17 gives for `text.getBytes(StandardCharsets.UTF_8)`, which is all that StringSerializer does.
  for (const [text, hex] of [
    ['\ud800', '3f'],
    ['a\udc00b', '613f62'],
    ['\ud800\ud800\udc00', '3ff0908080'],
    ['\udc00\ud800', '3f3f'],
    ['x\ud83e', '783f'],
    ['ü\ud800', 'c3bc3f'],
  ] as const) {
    expect((string.serialize(text) as Buffer).toString('hex'), hex).toBe(hex)
    const writer = new ByteWriter()
    string.serializeInto(text, writer)
    expect(writer.bytes().toString('hex'), hex).toBe(hex)
    expect(Buffer.from(list(string).serialize([text], context) as Uint8Array).toString('hex')).toMatch(new RegExp(`${hex}$`))
  }
})

test('string reads what is not UTF-8 as U+FFFD, and keeps a byte order mark', () => {
  expect(string.deserialize(Uint8Array.of(0x61, 0xff, 0x62))).toBe('a\ufffdb')
  expect(string.deserialize(Uint8Array.of(0xef, 0xbb, 0xbf))).toBe('\ufeff')
})

test('none is null and nothing else', () => {
  expectTypeOf(none).toEqualTypeOf<Serde<null>>()
  expect(none.serialize(null, context)).toBe(null)
  expect(none.serialize(undefined as unknown as null, context)).toBe(null)
  expect(written(none, 0).detail).toBe('only null can be written as none, not the number 0')
  expect(read(none).detail).toContain('none is always null, and this has 0 bytes')
})

test('the types are those of the values', () => {
  expectTypeOf(string).toExtend<Serde<string>>()
  expectTypeOf(bytes).toExtend<Serde<Uint8Array>>()
  expectTypeOf(int64).toExtend<Serde<bigint>>()
  expectTypeOf(int32).toExtend<Serde<number>>()
  expectTypeOf(boolean).toExtend<Serde<boolean>>()
})
