import { KafkaError, ZERO_UUID } from '@logwerk/runtime'
import { describe, expect, test } from 'vitest'
import { bytesOf, codeThrownBy, encoded, golden } from '../golden.test-support.ts'
import {
  array,
  boolean,
  bytes,
  errorCode,
  float64,
  int8,
  int16,
  int32,
  int64,
  nested,
  nullable,
  records,
  string,
  struct,
  uint16,
  uint32,
  uuid,
} from './field.ts'
import { defineMessage, type Message } from './message.ts'
import { MAX_ELEMENT_MEMORY_BYTES, MessageReader } from './message-reader.ts'
import { MessageWriter } from './message-writer.ts'

const source = "Kafka's protocol guide and KIP-482, by hand"

function decoded<Out, In>(message: Message<Out, In>, version: number, annotatedHex: string): Out {
  return message.codec(version).decode(new MessageReader(bytesOf(annotatedHex)))
}

function malformed<Out, In>(message: Message<Out, In>, version: number, annotatedHex: string): string {
  try {
    decoded(message, version, annotatedHex)
  } catch (error) {
    if (error instanceof KafkaError && error.code === 'MALFORMED_MESSAGE') return error.message
    throw error
  }
  return 'nothing was thrown'
}

/** Fixed lengths in version 0, compact ones from 1 on. */
function both<const S extends Parameters<typeof struct>[0]>(fields: S) {
  return defineMessage({ name: 'Test', versions: [0, 3], flexibleFrom: 1, fields: struct(fields) })
}

describe('values', () => {
  const message = both({
    a: int8(),
    b: int16(),
    c: uint16(),
    d: int32(),
    e: uint32(),
    f: int64(),
    g: float64(),
    h: boolean(),
    i: uuid(),
    j: errorCode('NONE', 'NOT_COORDINATOR'),
  })
  const value = {
    a: -2,
    b: -3,
    c: 65_535,
    d: -4,
    e: 4_294_967_295,
    f: -5,
    g: 1.5,
    h: true,
    i: 'AAAAAAAAAAEAAAAAAAAAAg',
    j: 'NOT_COORDINATOR',
  } as const
  const hex = `
    fe                          a
    ff fd                       b
    ff ff                       c
    ff ff ff fc                 d
    ff ff ff ff                 e
    ff ff ff ff ff ff ff fb     f
    3f f8 00 00 00 00 00 00     g
    01                          h
    00 00 00 00 00 00 00 01     i
    00 00 00 00 00 00 00 02
    00 10                       j
  `
  golden(message, 0, value, hex, { source })
  golden(message, 1, value, `${hex}\n00     no tagged fields`, { source })

  test('that are left out are written as zero', () => {
    expect(encoded(message as Message<unknown, object>, 0, {})).toEqual(Buffer.alloc(48))
  })

  test('outside of their range are a TypeError that names the field', () => {
    const out = { a: 128, b: 32_768, c: -1, d: 2 ** 31, e: 2 ** 32, f: 2 ** 53 }
    for (const [name, wrong] of Object.entries(out)) {
      expect(() => encoded(message, 0, { ...value, [name]: wrong })).toThrow(
        new RegExp(`^Test\\.${name} must be a whole number between .* not ${wrong}$`),
      )
    }
    expect(() => encoded(message, 0, { ...value, d: 1.5 })).toThrow(TypeError)
    expect(() => encoded(message, 0, { ...value, d: '1' as never })).toThrow(
      'Test.d must be a whole number between -2147483648 and 2147483647, not "1"',
    )
    expect(() => encoded(message, 0, { ...value, i: 'no' })).toThrow(TypeError)
  })

  test.each([
    ['f', 5n, 'a whole number between -9007199254740991 and 9007199254740991, not 5n'],
    ['g', '1', 'a number, not "1"'],
    ['h', 'false', 'a boolean, not "false"'],
    ['h', 1, 'a boolean, not 1'],
    ['h', null, 'a boolean, not null'],
    ['i', 7, 'a UUID, not 7'],
    ['j', 'NO_SUCH_CODE', 'the name of an error code, not "NO_SUCH_CODE"'],
    ['j', 0, 'the name of an error code, not 0'],
    ['j', 'constructor', 'the name of an error code, not "constructor"'],
  ])('of another type are a TypeError that names the field: %s, %o', (name, wrong, text) => {
    expect(() => encoded(message, 0, { ...value, [name]: wrong })).toThrow(new TypeError(`Test.${name} must be ${text}`))
  })

  test('of an int64 are safe integers, both ways', () => {
    const long = both({ f: int64() })
    for (const f of [Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER, 2 ** 32, -(2 ** 32), -1, 0]) {
      expect(long.codec(0).decode(new MessageReader(encoded(long, 0, { f })))).toEqual({ f })
    }
    expect(malformed(long, 0, '00 20 00 00 00 00 00 00')).toMatch(/9007199254740992/)
    expect(malformed(long, 0, '80 00 00 00 00 00 00 00')).toMatch(/-9223372036854775808/)
  })

  test('of a boolean are true unless zero', () => {
    expect(decoded(both({ h: boolean() }), 0, '02')).toEqual({ h: true })
  })

  test('of an error code that nobody knows are UNKNOWN_SERVER_ERROR', () => {
    const error = both({ j: errorCode('NONE') })
    expect(decoded(error, 0, '7f ff')).toEqual({ j: 'UNKNOWN_SERVER_ERROR' })
    expect(decoded(error, 0, 'ff ff')).toEqual({ j: 'UNKNOWN_SERVER_ERROR' })
    expect(decoded(error, 0, '80 00')).toEqual({ j: 'UNKNOWN_SERVER_ERROR' })
  })
})

describe('lengths', () => {
  const message = both({ text: string(), blob: bytes(), list: array(int16()), batch: records(), rows: array(struct({ key: string() })) })
  const value = { text: 'zß', blob: Buffer.from([1]), list: [1, 2], batch: Buffer.from([9, 8]), rows: [{ key: 'k' }] }

  golden(
    message,
    0,
    value,
    `
    00 03 7a c3 9f              text: int16 length in bytes of UTF-8
    00 00 00 01 01              blob: int32 length
    00 00 00 02 00 01 00 02     list: int32 count
    00 00 00 02 09 08           batch: int32 length
    00 00 00 01                 rows: int32 count
    00 01 6b                    key
  `,
    { source },
  )
  golden(
    message,
    1,
    value,
    `
    04 7a c3 9f                 text: length + 1
    02 01                       blob: length + 1
    03 00 01 00 02              list: count + 1
    03 09 08                    batch: length + 1
    02                          rows: count + 1
    02 6b                       key
    00                          no tagged fields of the row
    00                          no tagged fields of the message
  `,
    { source },
  )

  test('take more than one byte when compact', () => {
    const text = both({ text: string() })
    expect(encoded(text, 1, { text: 'x'.repeat(126) }).subarray(0, 1)).toEqual(bytesOf('7f'))
    expect(encoded(text, 1, { text: 'x'.repeat(127) }).subarray(0, 2)).toEqual(bytesOf('80 01'))
  })

  test('of a string fit an int16, also when compact', () => {
    const text = both({ text: string() })
    for (const version of [0, 1]) {
      expect(encoded(text, version, { text: 'x'.repeat(32_767) }).length).toBeGreaterThan(32_767)
      expect(() => encoded(text, version, { text: 'ß'.repeat(16_384) })).toThrow(/Test\.text: a string of 32768 bytes/)
    }
    const long = Buffer.concat([bytesOf('81 80 02'), Buffer.alloc(32_768), Buffer.alloc(1)])
    expect(codeThrownBy(() => text.codec(1).decode(new MessageReader(long)))).toBe('MALFORMED_MESSAGE')
  })

  test('that lie are malformed', () => {
    for (const [version, lies] of [
      [0, ['ff fe', '7f ff', '00 02 61', '80 00']],
      [1, ['ff ff ff ff 0f', 'ff ff ff ff 1f', '80 80 80 80 80 01', '03 61']],
    ] as const) {
      for (const lie of lies) expect(malformed(both({ text: string() }), version, lie)).toMatch(/^malformed message at byte \d+ of \d+: /)
    }
    for (const lie of ['ff ff ff fe', '7f ff ff ff', '00 00 00 02 00', '80 00 00 00']) {
      expect(malformed(both({ blob: bytes() }), 0, lie)).toMatch(/^malformed/)
      expect(malformed(both({ list: array(int8()) }), 0, lie)).toMatch(/^malformed/)
      expect(malformed(both({ batch: records() }), 0, lie)).toMatch(/^malformed/)
    }
  })

  test('are errors that name the field when the value is of another kind', () => {
    expect(() => encoded(message, 0, { ...value, text: 1 as never })).toThrow('Test.text must be a string, not 1')
    expect(() => encoded(message, 0, { ...value, blob: 'x' as never })).toThrow('Test.blob must be a Uint8Array, not "x"')
    expect(() => encoded(message, 0, { ...value, list: {} as never })).toThrow('Test.list must be an array, not {}')
    expect(() => encoded(message, 0, { ...value, rows: [null] as never })).toThrow('Test.rows[] must be an object, not null')
    expect(() => encoded(message, 0, undefined as never)).toThrow('Test must be an object, not undefined')
  })
})

describe('bytes', () => {
  const message = both({ before: int8(), batch: records(), after: int8() })

  test('of records are sent as they are, in pieces', () => {
    const [one, two] = [Buffer.from('one'), Buffer.from('two')]
    const writer = new MessageWriter()
    message.codec(0).encode(writer, { before: 1, batch: [one, two], after: 2 })
    const chunks = writer.chunks()
    expect(writer.sizeBytes).toBe(1 + 4 + 6 + 1)
    expect(Buffer.concat(chunks)).toEqual(Buffer.from('\x01\0\0\0\x06onetwo\x02'))
    expect(chunks[1]).toBe(one)
    expect(chunks[2]).toBe(two)
  })

  test('are read as views of the message', () => {
    const frame = bytesOf('01 00 00 00 02 aa bb 02')
    const { batch } = message.codec(0).decode(new MessageReader(frame))
    frame[5] = 0xcc
    expect(batch).toEqual(Buffer.from('ccbb', 'hex'))
  })

  test('of records survive in a tagged field', () => {
    const tagged = both({ batch: nested(struct({ inner: records() }), { tag: 0 }) })
    const batch = { inner: Buffer.from('abc') }
    expect(encoded(tagged, 1, { batch })).toEqual(bytesOf('01 00 05 04 61 62 63 00'))
    expect(tagged.codec(1).decode(new MessageReader(encoded(tagged, 1, { batch })))).toStrictEqual({ batch })
  })
})

describe('fields that a version lacks', () => {
  const message = both({
    always: int8(),
    late: int32({ since: 2, default: -1 }),
    early: string({ until: 0, default: '' }),
    dropped: int32({ since: 2, default: 0, ignorable: true }),
    list: array(int8(), { since: 3, default: [] }),
    maybe: nullable(string(), { since: 3, default: null }),
    inner: nested(struct({ x: int8({ default: 7 }) }), { since: 3, tag: 0 }),
  })

  test('are neither written nor read, and decode as their default', () => {
    expect(encoded(message, 0, { always: 1 })).toEqual(bytesOf('01 00 00'))
    expect(encoded(message, 1, { always: 1 })).toEqual(bytesOf('01 00'))
    expect(encoded(message, 2, { always: 1 })).toEqual(bytesOf('01 ff ff ff ff 00 00 00 00 00'))
    expect(encoded(message, 3, { always: 1 })).toEqual(bytesOf('01 ff ff ff ff 00 00 00 00 01 00 00'))
    const defaults = { always: 1, late: -1, early: '', dropped: 0, list: [], maybe: null, inner: { x: 7 } }
    expect(decoded(message, 1, '01 00')).toStrictEqual(defaults)
    expect(Object.keys(decoded(message, 1, '01 00'))).toEqual(Object.keys(defaults))
  })

  test('may be given with their default', () => {
    expect(encoded(message, 1, { always: 1, late: -1, early: '', list: [], maybe: null, inner: { x: 7 } })).toEqual(bytesOf('01 00'))
  })

  test('are UNSUPPORTED_VERSION with another value', () => {
    for (const given of [{ late: 0 }, { early: 'x' }, { list: [1] }, { maybe: '' }, { inner: { x: 8 } }]) {
      expect(codeThrownBy(() => encoded(message, 1, { always: 1, ...given }))).toBe('UNSUPPORTED_VERSION')
    }
    expect(() => encoded(message, 1, { always: 1, late: 5 })).toThrow('Test.late: version 1 has no such field, so 5 cannot be sent')
  })

  test('are dropped silently if they are ignorable', () => {
    expect(encoded(message, 1, { always: 1, dropped: 5 })).toEqual(bytesOf('01 00'))
  })

  test('have defaults of their own in every message', () => {
    const [one, two] = [decoded(message, 1, '01 00'), decoded(message, 1, '02 00')]
    one.list.push(1)
    Object.assign(one.inner, { x: 1 })
    expect(two).toMatchObject({ list: [], inner: { x: 7 } })
    expect(decoded(message, 1, '03 00')).toMatchObject({ list: [], inner: { x: 7 } })
    expect(encoded(message, 1, { always: 1 })).toEqual(bytesOf('01 00'))
  })

  test('need a version that the message has', () => {
    for (const version of [-1, 4, Number.NaN]) expect(codeThrownBy(() => message.codec(version))).toBe('UNSUPPORTED_VERSION')
    expect(() => message.codec(4)).toThrow('Test has the versions 0 to 3, not 4')
  })
})

describe('null', () => {
  const message = both({
    text: nullable(string(), { nullableSince: 2 }),
    blob: nullable(bytes(), { default: null }),
    list: nullable(array(int8()), { default: null }),
    row: nullable(struct({ x: int8() }), { nullableSince: 2 }),
  })

  test('is a length of minus one, or zero when compact; a struct has a marker', () => {
    expect(encoded(message, 0, { text: 'a', row: { x: 5 } })).toEqual(bytesOf('00 01 61 ff ff ff ff ff ff ff ff 05'))
    expect(encoded(message, 2, { text: null, row: null })).toEqual(bytesOf('00 00 00 ff 00'))
    expect(decoded(message, 2, '00 00 00 ff 00')).toStrictEqual({ text: null, blob: null, list: null, row: null })
    expect(encoded(message, 2, { text: 'a', row: { x: 5 } })).toEqual(bytesOf('02 61 00 00 01 05 00 00'))
    expect(decoded(message, 2, '02 61 00 00 01 05 00 00')).toStrictEqual({ text: 'a', blob: null, list: null, row: { x: 5 } })
  })

  test('is refused where the version does not allow it', () => {
    expect(() => encoded(message, 1, { text: null, row: { x: 5 } })).toThrow('Test.text may not be null in version 1')
    expect(codeThrownBy(() => encoded(message, 1, { text: null, row: { x: 5 } }))).toBe('UNSUPPORTED_VERSION')
    expect(codeThrownBy(() => encoded(message, 1, { text: '', row: null }))).toBe('UNSUPPORTED_VERSION')
    expect(malformed(message, 1, '00 00 00 00')).toBe('malformed message at byte 1 of 4: Test.text is null, which version 1 does not allow')
    expect(malformed(both({ list: array(int8()) }), 0, 'ff ff ff ff')).toMatch(/Test\.list is null/)
  })

  test('of records is null, no bytes are no bytes', () => {
    const batch = both({ batch: records() })
    for (const wrong of ['x', 7, {}])
      expect(() => encoded(batch, 1, { batch: wrong as never })).toThrow(/^Test\.batch must be a Uint8Array or an array of them, not /)
    expect(encoded(batch, 1, { batch: null })).toEqual(bytesOf('00 00'))
    expect(encoded(batch, 1, { batch: [] })).toEqual(bytesOf('01 00'))
    expect(decoded(batch, 1, '01 00').batch?.length).toBe(0)
    expect(decoded(batch, 1, '00 00').batch).toBe(null)
  })
})

describe('tagged fields', () => {
  const message = both({
    plain: int8(),
    second: int32({ since: 1, default: -1, tag: 5 }),
    first: nullable(string(), { since: 1, default: null, tag: 0 }),
    zero: uuid({ since: 1, default: ZERO_UUID, tag: 6 }),
    // An ordinary field that later versions tag.
    moved: int16({ tag: 1, taggedSince: 2, default: 0 }),
  })

  golden(
    message,
    2,
    { plain: 9, second: 1, first: 'a', moved: 3 },
    `
    09              plain
    03              three tagged fields, by number
    00 02           tag 0 of 2 bytes
    02 61           first
    01 02           tag 1 of 2 bytes
    00 03           moved
    05 04           tag 5 of 4 bytes
    00 00 00 01     second
  `,
    { source },
  )

  test('are read in any order, and the last of several counts, as with Kafka', () => {
    expect(decoded(message, 2, '09 02 05 04 00 00 00 01 00 02 02 61')).toMatchObject({ second: 1, first: 'a' })
    expect(decoded(message, 2, '09 02 05 04 00 00 00 01 05 04 00 00 00 02')).toMatchObject({ second: 2, first: null })
  })

  test('are left out with their default, and stand in their place before they are tagged', () => {
    expect(encoded(message, 2, { plain: 9, second: -1, first: null })).toEqual(bytesOf('09 00'))
    expect(encoded(message, 1, { plain: 9, moved: 3 })).toEqual(bytesOf('09 00 03 00'))
    expect(encoded(message, 0, { plain: 9, moved: 3 })).toEqual(bytesOf('09 00 03'))
    expect(codeThrownBy(() => encoded(message, 0, { plain: 9, first: 'a' }))).toBe('UNSUPPORTED_VERSION')
  })

  test('that nobody knows are skipped', () => {
    const hex = `
      09              plain
      04              four tagged fields
      00 02 02 61     first
      03 02 de ad     unknown
      05 04 00 00 00 01
      c8 01 00        tag 200, empty
    `
    expect(decoded(message, 2, hex)).toStrictEqual({ plain: 9, second: 1, first: 'a', zero: ZERO_UUID, moved: 0 })
  })

  test('that only another version has are skipped too', () => {
    expect(decoded(message, 1, '09 00 03 01 01 02 00 07')).toMatchObject({ moved: 3 })
  })

  test('are malformed with a size that lies', () => {
    expect(malformed(message, 2, '09 01 05 05 00 00 00 01 ff')).toMatch(/Test\.second: the tagged field says 5 bytes and has 4/)
    expect(malformed(message, 2, '09 01 05 03 00 00 00 01')).toMatch(/Test\.second: the tagged field says 3 bytes and has 4/)
    expect(malformed(message, 2, '09 01 07 7f 00')).toMatch(/127 bytes are needed/)
    expect(malformed(message, 2, '09 ff ff ff ff 0f')).toMatch(/does not fit/)
  })
})

describe('the budget of arrays', () => {
  const list = both({ list: array(int8()) })
  const rows = both({ rows: array(struct({ a: int32(), b: array(int64()) })) })

  test('is what the bytes can hold', () => {
    expect(decoded(list, 0, '00 00 00 02 01 02')).toEqual({ list: [1, 2] })
    expect(malformed(list, 0, '00 00 00 03 01 02')).toMatch(/an array of 3 elements does not fit into the 2 bytes that are left/)
    // Eight bytes are the least that a row takes: four of `a` and four of the count of `b`.
    expect(decoded(rows, 0, '00 00 00 01 00 00 00 01 00 00 00 00')).toEqual({ rows: [{ a: 1, b: [] }] })
    // Six in a compact version: a byte for the count of `b`, and one for the row's tagged fields.
    const row = { a: 1, b: [] }
    expect(decoded(rows, 1, '03 00 00 00 01 01 00 00 00 00 01 01 00 00')).toEqual({ rows: [row, row] })
    expect(malformed(rows, 0, '00 00 00 02 00 00 00 01 00 00 00 00 00 00 00')).toMatch(/an array of 2 elements does not fit/)
    expect(malformed(rows, 1, '03 00 00 00 01 01 00 00 00 00 01')).toMatch(/an array of 2 elements does not fit/)
  })

  test('has an end even where the bytes go on', () => {
    // A row of five bytes takes 104 of memory: its slot, the object, two slots more, and the list.
    const lists = both({ lists: array(struct({ list: array(int8()), number: int8() })) })
    const count = Math.floor(MAX_ELEMENT_MEMORY_BYTES / (8 + 48 + 8 + 32 + 8)) + 1
    const bytes = Buffer.alloc(4 + count * 5)
    bytes.writeInt32BE(count)
    expect(() => lists.codec(0).decode(new MessageReader(bytes))).toThrow(
      'decoded, its arrays would take more than 536870912 bytes of memory',
    )
  })

  test('is shared by all arrays of a message', () => {
    const reader = new MessageReader(Buffer.alloc(1000))
    reader.elementCount(1000, 1, MAX_ELEMENT_MEMORY_BYTES / 1000)
    expect(codeThrownBy(() => reader.elementCount(1, 1, 1))).toBe('MALFORMED_MESSAGE')
    expect(codeThrownBy(() => new MessageReader(Buffer.alloc(1000)).elementCount(-1, 1, 1))).toBe('MALFORMED_MESSAGE')
  })
})
