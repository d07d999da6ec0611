import { writeUtf8At } from '@logwerk/runtime'
import { type AvscType, type Resolver, type Tap, types } from './avsc.ts'
import { long } from './long.ts'
import { withMethods } from './own-type.ts'

/** avsc takes every byte but 0 for true, and Java every byte but 1 for false: other bytes are data of another type. */
const boolean = withMethods(new types.BooleanType(), {
  _read(tap: Tap): boolean {
    const byte = tap.buf[tap.pos++]
    if (byte !== undefined && byte > 1) throw new Error(`a boolean is the byte 0 or 1, not ${byte}`)
    return byte === 1
  },
})

/** avsc takes any number of bytes for an int; more than 32 bits are data of another type. */
const int = withMethods(new types.IntType(), {
  _read(tap: Tap): number {
    const value = tap.readInt()
    if (value !== (value | 0)) throw new Error(`${value} does not fit an int`)
    return value
  },
})

/** avsc writes half of a surrogate pair as it is, which is not UTF-8; here it becomes U+FFFD, as everywhere in Node. */
const string = withMethods(new types.StringType(), {
  _write(tap: Tap, value: unknown): void {
    if (typeof value !== 'string') throw new TypeError('not a string')
    const byteCount = Buffer.byteLength(value, 'utf8')
    tap.writeLong(byteCount)
    const start = tap.pos
    tap.pos += byteCount
    if (tap.pos <= tap.buf.length) writeText(tap.buf, value, start, byteCount)
  },
})

/** Below this length a loop over the characters is faster than a call into Node. */
const SHORT_LENGTH = 24

function writeText(buffer: Buffer, text: string, start: number, byteCount: number): void {
  if (byteCount !== text.length || byteCount > SHORT_LENGTH) writeUtf8At(buffer, text, start)
  else for (let index = 0; index < byteCount; index++) buffer[start + index] = text.charCodeAt(index)
}

/** JavaScript leaves the sign of a NaN open; this one is Java's, so that equal values are equal bytes. */
const float = withMethods(new types.FloatType(), {
  _update(resolver: Resolver, writer: AvscType): void {
    if (writer.typeName === 'float') resolver._read = tap => writer._read(tap)
    // As Java casts it; avsc leaves an int as it is, with more digits than a float has.
    else if (isInteger(writer)) resolver._read = tap => Math.fround(Number(writer._read(tap)))
  },
  _write(tap: Tap, value: unknown): void {
    if (typeof value !== 'number') throw new TypeError('not a number')
    const { pos } = tap
    tap.pos += 4
    if (tap.pos > tap.buf.length) return
    if (Number.isNaN(value)) tap.buf.writeInt32LE(0x7fc0_0000, pos)
    else tap.buf.writeFloatLE(value, pos)
  },
})

const double = withMethods(new types.DoubleType(), {
  _update(resolver: Resolver, writer: AvscType): void {
    if (writer.typeName === 'double' || writer.typeName === 'float') resolver._read = tap => writer._read(tap)
    // avsc adds a long up from its parts, and rounds each time.
    else if (isInteger(writer)) resolver._read = tap => Number(writer._read(tap))
  },
  _write(tap: Tap, value: unknown): void {
    if (typeof value !== 'number') throw new TypeError('not a number')
    const { pos } = tap
    tap.pos += 8
    if (tap.pos > tap.buf.length) return
    if (Number.isNaN(value)) tap.buf.writeBigInt64LE(0x7ff8_0000_0000_0000n, pos)
    else tap.buf.writeDoubleLE(value, pos)
  },
})

function isInteger(type: AvscType): boolean {
  return type.typeName === 'int' || type.typeName === 'abstract:long'
}

const bytes = withMethods(new types.BytesType(), {
  _copy: copyBytes(types.BytesType),
  _check: checkBytes(value => value instanceof Uint8Array),
  _write(tap: Tap, value: unknown): void {
    if (!(value instanceof Uint8Array)) throw new TypeError('not bytes')
    tap.writeLong(value.length)
    writeBytes(tap, value)
  },
})

/** A fixed type that takes any Uint8Array, where avsc takes only a Buffer. */
export function withPlainBytes(type: AvscType): AvscType {
  const isOfSize = (value: unknown) => value instanceof Uint8Array && value.length === type.size
  return withMethods(type, {
    _copy: copyBytes(types.FixedType),
    _check: checkBytes(isOfSize),
    _write(tap: Tap, value: unknown): void {
      if (!isOfSize(value)) throw new TypeError('not bytes of that size')
      writeBytes(tap, value as Uint8Array)
    },
  })
}

/** In a default a character stands for a byte; avsc would cut larger ones off. */
function copyBytes({ prototype }: { readonly prototype: AvscType }): AvscType['_copy'] {
  return function (this: AvscType, value, options) {
    if (options?.coerce === 2 && typeof value === 'string' && /[^\0-\xff]/.test(value)) {
      throw new Error('bytes are written as characters up to \\u00ff')
    }
    return prototype._copy.call(this, value, options)
  }
}

function checkBytes(isValid: (value: unknown) => boolean): AvscType['_check'] {
  return function (this: AvscType, value, _flags, hook) {
    if (isValid(value)) return true
    hook?.(value, this)
    return false
  }
}

function writeBytes(tap: Tap, value: Uint8Array): void {
  const start = tap.pos
  tap.pos += value.length
  if (tap.pos <= tap.buf.length) tap.buf.set(value, start)
}

/** The primitives, by name. */
export const primitives: ReadonlyMap<string, AvscType> = new Map([
  ['null', withMethods(new types.NullType(), {})],
  ['boolean', boolean],
  ['int', int],
  ['long', long],
  ['float', float],
  ['double', double],
  ['string', string],
  ['bytes', bytes],
])
