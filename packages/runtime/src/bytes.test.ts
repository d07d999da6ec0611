import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { AssertionError } from './assert.ts'
import { ByteReader } from './byte-reader.ts'
import { ByteWriter } from './byte-writer.ts'
import { KafkaError } from './errors.ts'

// The writer and the reader, each against Node's own DataView and Buffer, and against bytes given by hand; then the two together.

const RUNS = Number(process.env['LOGWERK_SEEDS'] ?? 50) * 2

interface Kind<T> {
  readonly values: fc.Arbitrary<T>
  readonly write: (writer: ByteWriter, value: T) => void
  readonly read: (reader: ByteReader, byteCount: number) => T
  /** What the bytes have to be. */
  readonly expected: (value: T) => Uint8Array
}

function fixed(byteCount: number, set: (view: DataView) => void): Uint8Array {
  const bytes = new Uint8Array(byteCount)
  set(new DataView(bytes.buffer))
  return bytes
}

/** By the definition of a base-128 number, with BigInt: seven bits a byte, the lowest first. */
function varintBytes(value: bigint): Uint8Array {
  const bytes: number[] = []
  let rest = value
  for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128)
  return Uint8Array.from([...bytes, Number(rest)])
}

const int32 = fc.oneof(fc.integer(), fc.constantFrom(0, -1, 1, -64, 63, 64, -65, 2 ** 31 - 1, -(2 ** 31)))
const uint32 = fc.oneof(fc.nat(), fc.integer({ min: 0, max: 2 ** 32 - 1 }), fc.constantFrom(127, 128, 16_383, 16_384, 2 ** 28, 2 ** 32 - 1))
const kind = <T>(one: Kind<T>): Kind<unknown> => one as unknown as Kind<unknown>

const kinds: Record<string, Kind<unknown>> = {
  int8: kind({
    values: fc.integer({ min: -128, max: 127 }),
    write: (writer, value) => writer.writeInt8(value),
    read: reader => reader.readInt8(),
    expected: value => fixed(1, view => view.setInt8(0, value)),
  }),
  int16: kind({
    values: fc.integer({ min: -32_768, max: 32_767 }),
    write: (writer, value) => writer.writeInt16(value),
    read: reader => reader.readInt16(),
    expected: value => fixed(2, view => view.setInt16(0, value)),
  }),
  uint16: kind({
    values: fc.integer({ min: 0, max: 65_535 }),
    write: (writer, value) => writer.writeUint16(value),
    read: reader => reader.readUint16(),
    expected: value => fixed(2, view => view.setUint16(0, value)),
  }),
  int32: kind({
    values: int32,
    write: (writer, value) => writer.writeInt32(value),
    read: reader => reader.readInt32(),
    expected: value => fixed(4, view => view.setInt32(0, value)),
  }),
  uint32: kind({
    values: uint32,
    write: (writer, value) => writer.writeUint32(value),
    read: reader => reader.readUint32(),
    expected: value => fixed(4, view => view.setUint32(0, value)),
  }),
  int64: kind({
    values: fc.oneof(
      fc.maxSafeInteger(),
      fc.constantFrom(0, -1, 2 ** 32, 2 ** 32 - 1, -(2 ** 32), 2 ** 31, -(2 ** 31), Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER),
    ),
    write: (writer, value) => writer.writeInt64(value),
    read: reader => reader.readInt64(),
    expected: value => fixed(8, view => view.setBigInt64(0, BigInt(value))),
  }),
  bigInt64: kind({
    values: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
    write: (writer, value) => writer.writeBigInt64(value),
    read: reader => reader.readBigInt64(),
    expected: value => fixed(8, view => view.setBigInt64(0, value)),
  }),
  float32: kind({
    values: fc.float(),
    write: (writer, value) => writer.writeFloat32(value),
    read: reader => reader.readFloat32(),
    expected: value => fixed(4, view => view.setFloat32(0, value)),
  }),
  float64: kind({
    values: fc.double(),
    write: (writer, value) => writer.writeFloat64(value),
    read: reader => reader.readFloat64(),
    expected: value => fixed(8, view => view.setFloat64(0, value)),
  }),
  'unsigned varint': kind({
    values: uint32,
    write: (writer, value) => writer.writeUnsignedVarint(value),
    read: reader => reader.readUnsignedVarint(),
    expected: value => varintBytes(BigInt(value)),
  }),
  varint: kind({
    values: int32,
    write: (writer, value) => writer.writeVarint(value),
    read: reader => reader.readVarint(),
    expected: value => varintBytes(value < 0 ? -2n * BigInt(value) - 1n : 2n * BigInt(value)),
  }),
  bytes: kind({
    values: fc.uint8Array({ maxLength: 600 }),
    write: (writer, value) => writer.writeBytes(value),
    read: (reader, byteCount) => new Uint8Array(reader.readBytes(byteCount)),
    expected: value => value,
  }),
  utf8: kind({
    values: fc.string({ unit: 'grapheme', maxLength: 200 }),
    write: (writer, value) => expect(writer.writeUtf8(value)).toBe(Buffer.byteLength(value)),
    read: (reader, byteCount) => reader.readUtf8(byteCount),
    expected: value => Buffer.from(value),
  }),
}

describe.each(Object.entries(kinds))('%s', (_, { values, write, read, expected }) => {
  test('is written and read as its definition says', () => {
    fc.assert(
      fc.property(values, value => {
        const writer = new ByteWriter()
        write(writer, value)
        const bytes = expected(value)
        expect([...writer.bytes()]).toEqual([...bytes])
        const reader = new ByteReader(bytes)
        expect(read(reader, bytes.length)).toEqual(value)
        expect(reader.remaining).toBe(0)
      }),
      { numRuns: RUNS },
    )
  })

  test('cut short at any length is MALFORMED_MESSAGE, with bytes of others behind the end too', () => {
    fc.assert(
      fc.property(values, value => {
        const bytes = expected(value)
        const behind = Uint8Array.from([...bytes, ...bytes])
        for (let length = 0; length < bytes.length; length++) {
          for (const reader of [new ByteReader(bytes.subarray(0, length)), new ByteReader(behind, 0, length)]) {
            expect(() => read(reader, bytes.length)).toThrow(KafkaError)
            expect(reader.position).toBeLessThanOrEqual(length)
          }
        }
      }),
      { numRuns: 20 },
    )
  })
})

test('any values one behind the other, from any start, come back in their order', () => {
  const items = Object.values(kinds).map(({ values, write, read, expected }) => {
    return values.map(value => ({ value, byteCount: expected(value).length, write, read }))
  })
  fc.assert(
    fc.property(fc.array(fc.oneof(...items), { maxLength: 40 }), fc.nat(300), fc.nat(40), (values, initialBytes, before) => {
      const writer = new ByteWriter(Buffer.alloc(initialBytes))
      writer.writeBytes(new Uint8Array(before))
      for (const { value, write } of values) write(writer, value)
      // A view in the middle of a larger buffer.
      const around = Buffer.concat([Buffer.alloc(7, 0xff), writer.bytes(), Buffer.alloc(7, 0xff)])
      const reader = new ByteReader(new Uint8Array(around.buffer, around.byteOffset + 7, writer.position), before)
      for (const { value, byteCount, read } of values) expect(read(reader, byteCount)).toEqual(value)
      expect(reader.remaining).toBe(0)
    }),
    { numRuns: RUNS },
  )
})

describe('ByteWriter', () => {
  test('grows to at least the double, and keeps what was written', () => {
    const writer = new ByteWriter(Buffer.alloc(4))
    writer.writeInt32(0x01020304)
    const first = writer.buffer
    writer.writeInt8(5)
    expect(writer.buffer).not.toBe(first)
    expect(writer.buffer.length).toBe(8)
    writer.writeBytes(Uint8Array.of(6, 7, 8))
    expect(writer.buffer.length).toBe(8)
    writer.reserve(1000)
    expect(writer.buffer.length).toBe(1008)
    expect([...writer.bytes()]).toEqual([1, 2, 3, 4, 5, 6, 7, 8])
  })

  test('starts from a buffer without room', () => {
    const writer = new ByteWriter(Buffer.alloc(0))
    writer.writeUtf8('')
    expect(writer.buffer.length).toBe(0)
    writer.writeUtf8('é')
    expect(writer.bytes().toString('hex')).toBe('c3a9')
  })

  test('text takes the room it needs, not three bytes for each of its characters', () => {
    const writer = new ByteWriter(Buffer.alloc(10))
    const { buffer } = writer
    writer.writeUtf8('0123456789')
    expect(writer.buffer).toBe(buffer)
  })

  test('writes the bytes of its own buffer behind themselves', () => {
    const writer = new ByteWriter(Buffer.alloc(3))
    writer.writeBytes(Uint8Array.of(1, 2, 3))
    writer.writeBytes(writer.bytes())
    expect([...writer.bytes()]).toEqual([1, 2, 3, 1, 2, 3])
  })

  test('patches an int32 that was written, and nothing else', () => {
    const writer = new ByteWriter()
    writer.writeInt8(9)
    writer.writeInt32(0)
    writer.writeInt8(9)
    writer.patchInt32(1, -2)
    expect(writer.bytes().toString('hex')).toBe('09fffffffe09')
    expect(() => writer.patchInt32(3, 1)).toThrow(AssertionError)
    expect(() => writer.patchInt32(-1, 1)).toThrow(RangeError)
  })

  test('patches the buffer that it has grown into', () => {
    const writer = new ByteWriter(Buffer.alloc(4))
    writer.writeInt32(1)
    writer.writeInt32(2)
    writer.patchInt32(0, 7)
    expect(writer.bytes().toString('hex')).toBe('0000000700000002')
  })
})

describe('ByteReader', () => {
  const malformed = (read: (reader: ByteReader) => unknown, hex: string): KafkaError => {
    try {
      read(new ByteReader(Buffer.from(hex, 'hex')))
    } catch (error) {
      if (error instanceof KafkaError) return error
      throw error
    }
    throw new Error('it was read')
  }

  test.each([
    ['001fffffffffffff', 2 ** 53 - 1],
    ['ffe0000000000001', -(2 ** 53 - 1)],
    ['7fffffffffffffff', null],
    ['8000000000000000', null],
    ['0020000000000000', null],
    ['0020000000000001', null],
    ['ffe0000000000000', null],
    ['ffdfffffffffffff', null],
  ])('the int64 %s is read as %s', (hex, value) => {
    if (value !== null) return expect(new ByteReader(Buffer.from(hex, 'hex')).readInt64()).toBe(value)
    const error = malformed(reader => reader.readInt64(), hex)
    expect(error.code).toBe('MALFORMED_MESSAGE')
    expect(error.message).toBe(`malformed message at byte 0 of 8: the int64 ${Buffer.from(hex, 'hex').readBigInt64BE()} is beyond 2^53`)
  })

  test.each([
    ['ffffffff0f', 2 ** 32 - 1],
    ['8080808008', 2 ** 31],
    ['8000', 0],
    ['ffffffff10', null],
    ['ffffffff1f', null],
    ['ffffffffff01', null],
    ['808080808000', null],
  ])('the unsigned varint %s is read as %s', (hex, value) => {
    if (value !== null) return expect(new ByteReader(Buffer.from(hex, 'hex')).readUnsignedVarint()).toBe(value)
    expect(malformed(reader => reader.readUnsignedVarint(), hex).message).toMatch(/at byte 0 of .*longer than 32 bits/)
  })

  test('the ends of a varint', () => {
    expect(new ByteReader(Buffer.from('ffffffff0f', 'hex')).readVarint()).toBe(-(2 ** 31))
    expect(new ByteReader(Buffer.from('feffffff0f', 'hex')).readVarint()).toBe(2 ** 31 - 1)
  })

  test('a length that lies is an error before anything is taken', () => {
    const reader = new ByteReader(Buffer.from('0102030405', 'hex'), 1, 4)
    for (const length of [4, 2 ** 31 - 1, -1]) {
      expect(() => reader.readBytes(length)).toThrow(`malformed message at byte 1 of 4: ${length} bytes are needed and 3 are left`)
      expect(() => reader.readUtf8(length)).toThrow(KafkaError)
    }
    expect(reader.position).toBe(1)
    expect([...reader.readBytes(3)]).toEqual([2, 3, 4])
  })

  test('bytes are views, not copies', () => {
    const bytes = Uint8Array.of(1, 2, 3)
    const view = new ByteReader(bytes).readBytes(3)
    bytes[1] = 9
    expect([...view]).toEqual([1, 9, 3])
  })

  test.each([
    [-1, 2],
    [2, 1],
    [0, 4],
  ])('the part from %d to %d of three bytes cannot be read', (position, end) => {
    expect(() => new ByteReader(new Uint8Array(3), position, end)).toThrow(AssertionError)
  })
})
