import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { asVersion4, bytesOfUuid, dashedUuid, uuidOf, ZERO_UUID } from './uuid.ts'

const sixteen = fc.uint8Array({ minLength: 16, maxLength: 16 })
// Bits that use both characters which URL-safe base64 has of its own.
const BYTES = Uint8Array.from([0xfb, 0xff, 0xbf, 0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0x99, 0xaa, 0xbb, 0xcc])
const TEXT = '-_-_ABEiM0RVZneImaq7zA'

describe('text form', () => {
  test('is URL-safe base64 without padding', () => {
    expect(uuidOf(BYTES)).toBe(TEXT)
    expect([...bytesOfUuid(TEXT)]).toEqual([...BYTES])
  })

  test('of all zeros is ZERO_UUID', () => {
    expect(uuidOf(new Uint8Array(16))).toBe(ZERO_UUID)
    expect([...bytesOfUuid(ZERO_UUID)]).toEqual(new Array(16).fill(0))
  })

  test('leads back to the bytes', () => {
    fc.assert(
      fc.property(sixteen, bytes => {
        const uuid = uuidOf(bytes)
        expect(uuid).toMatch(/^[A-Za-z0-9_-]{22}$/)
        expect([...bytesOfUuid(uuid)]).toEqual([...bytes])
      }),
    )
  })

  test('reads at a place, also in a view that does not start where its buffer does', () => {
    const message = new Uint8Array(40)
    message.set(BYTES, 20)
    expect(uuidOf(message, 20)).toBe(TEXT)
    expect(uuidOf(message.subarray(7), 13)).toBe(TEXT)
  })

  test.each([25, -1])('does not read outside the view, at %d', at => {
    const view = new Uint8Array(100).subarray(20, 60)
    expect(() => uuidOf(view, at)).toThrow(RangeError)
    expect(uuidOf(view, 24)).toBe(ZERO_UUID)
  })

  test('may have other last bits, which carry nothing', () => {
    expect(uuidOf(bytesOfUuid('MkU3OEVBNTcwNTJENDM2Qk'))).toBe('MkU3OEVBNTcwNTJENDM2Qg')
  })

  test.each([
    ['', 'empty'],
    ['-_-_ABEiM0RVZneImaq7z', 'too short'],
    ['-_-_ABEiM0RVZneImaq7zAA', 'too long'],
    ['-_-_ABEiM0RVZneImaq7zA==', 'padded'],
    ['+/+/ABEiM0RVZneImaq7zA', 'the other alphabet'],
    ['-_-_ABEi M0RVZneImaq7zA', 'a space'],
    ['-_-_ABEiM0RVZneImaq7zA\n', 'a line end'],
    ['fbffbf00-1122-3344-5566-778899aabbcc', 'hexadecimal'],
  ])('is not "%s" (%s)', text => {
    expect(() => bytesOfUuid(text)).toThrow(TypeError)
    expect(() => bytesOfUuid(text)).toThrow(`"${text}"`)
  })
})

test('the dashed form is that of RFC 9562', () => {
  expect(dashedUuid(TEXT)).toBe('fbffbf00-1122-3344-5566-778899aabbcc')
  expect(dashedUuid(ZERO_UUID)).toBe('00000000-0000-0000-0000-000000000000')
})

test('asVersion4 sets six bits and leaves the others', () => {
  fc.assert(
    fc.property(sixteen, bytes => {
      const before = [...bytes]
      expect(dashedUuid(uuidOf(asVersion4(bytes)))).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
      const changed = before.map((byte, index) => byte ^ bytes[index]!)
      expect(changed.map((bits, index) => bits & ~(index === 6 ? 0xf0 : index === 8 ? 0xc0 : 0))).toEqual(new Array(16).fill(0))
    }),
  )
})
