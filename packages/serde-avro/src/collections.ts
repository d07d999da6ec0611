import type { AvscType, Resolver, Tap } from './avsc.ts'
import { withMethods } from './own-type.ts'

/**
 * Elements that take no bytes at all (null, an empty record) can be claimed in any number by a few bytes; this many may be read in one
 * value.
 */
const MAX_EMPTY_ELEMENTS = 65_536

/**
 * Elements for which room is made before they come, in one value: an array in an array in an array may claim the same bytes as the one
 * around it.
 */
const MAX_ROOM = 1_048_576

let emptyElementsLeft = MAX_EMPTY_ELEMENTS
let roomLeft = MAX_ROOM

/** To be called before a value is read. */
export function startReading(): void {
  emptyElementsLeft = MAX_EMPTY_ELEMENTS
  roomLeft = MAX_ROOM
}

/** An array type that checks every count against the bytes left before it makes room or skips. */
export function guardedArray(type: AvscType): AvscType {
  const items = type.itemsType!
  return withMethods(type, {
    _read: arrayReader(items),
    _skip: skipper(items, false),
    _update(this: AvscType, resolver: Resolver, writer: AvscType, options): void {
      if (writer.typeName !== 'array') return
      resolver.itemsType = items.createResolver(writer.itemsType!, options)
      resolver._read = arrayReader(writer.itemsType!)
    },
  })
}

/** A map type that checks every count, keeps a key named `__proto__`, and takes no JavaScript `Map`, which avsc would write as empty. */
export function guardedMap(type: AvscType): AvscType {
  const values = type.valuesType!
  return withMethods(type, {
    _read: mapReader(values),
    _skip: skipper(values, true),
    _check(this: AvscType, value, flags, hook, path): boolean {
      if (!(value instanceof Map)) return type._check(value, flags, hook, path)
      hook?.(value, this)
      return false
    },
    _write(tap: Tap, value: unknown): void {
      if (value instanceof Map) throw new TypeError('a Map is not an Avro map')
      type._write(tap, value)
    },
    _update(this: AvscType, resolver: Resolver, writer: AvscType, options): void {
      if (writer.typeName !== 'map') return
      resolver.valuesType = values.createResolver(writer.valuesType!, options)
      resolver._read = mapReader(writer.valuesType!)
    },
  })
}

/** @param wire  The items' type as it was written: what a resolver turns them into may be larger. */
function arrayReader(wire: AvscType) {
  const countOf = blockCounter(wire, 0)
  return function (this: { itemsType: Resolver['itemsType'] }, tap: Tap): unknown[] {
    const items = this.itemsType
    let values: unknown[] | undefined
    let length = 0
    for (let count = countOf(tap); count > 0; count = countOf(tap)) {
      values ??= roomFor(count)
      const dataEnd = tap.buf.length
      for (const end = length + count; length < end; length++) {
        values[length] = items._read(tap)
        if (isPastEnd(tap, dataEnd)) return values
      }
    }
    return values ?? []
  } as AvscType['_read']
}

function mapReader(wire: AvscType) {
  const countOf = blockCounter(wire, 1)
  return function (this: { valuesType: Resolver['valuesType'] }, tap: Tap): Record<string, unknown> {
    const values: Record<string, unknown> = {}
    for (let count = countOf(tap); count > 0; count = countOf(tap)) {
      for (; count > 0; count--) {
        // Undefined past the end.
        const key = tap.readString() ?? ''
        const value = this.valuesType._read(tap)
        if (isPastEnd(tap, tap.buf.length)) return values
        if (key === '__proto__') Object.defineProperty(values, key, { value, enumerable: true, configurable: true, writable: true })
        else values[key] = value
      }
    }
    return values
  } as AvscType['_read']
}

/**
 * Reads how many elements the next block has; 0 at the end.
 *
 * @param wire      The elements' type, or that of a map's values.
 * @param keyBytes  The fewest bytes that a key takes: 1 in a map.
 */
export function blockCounter(wire: AvscType, keyBytes: number): (tap: Tap) => number {
  // Known only when it is first needed: types that contain themselves are not complete yet.
  let leastBytes = -1
  return tap => {
    let count = tap.readLong()
    if (count === 0) return 0
    if (count < 0) {
      count = -count
      // The size of the block in bytes, for those who skip.
      tap.skipLong()
    }
    if (leastBytes < 0) leastBytes = keyBytes + leastBytesOf(wire)
    checkCount(tap, count, leastBytes)
    return count
  }
}

function skipper(wire: AvscType, isMap: boolean): (tap: Tap) => void {
  let leastBytes = -1
  return tap => {
    for (let count = tap.readLong(); count !== 0; count = tap.readLong()) {
      if (count < 0) {
        const byteCount = tap.readLong()
        if (!(byteCount >= 0 && byteCount <= tap.buf.length - tap.pos)) throw new Error(`a block says that it has ${byteCount} bytes`)
        tap.pos += byteCount
        continue
      }
      if (leastBytes < 0) leastBytes = (isMap ? 1 : 0) + leastBytesOf(wire)
      checkCount(tap, count, leastBytes)
      for (; count > 0; count--) {
        if (isMap) tap.readString()
        wire._skip(tap)
        if (isPastEnd(tap, tap.buf.length)) return
      }
    }
  }
}

/**
 * avsc notices only when it is done. Every array around would read all the elements that it has been promised by then, and there may be
 * very many of both.
 */
function isPastEnd(tap: Tap, dataEnd: number): boolean {
  // Written so that NaN, of a length that is no number, counts too.
  return !(tap.pos <= dataEnd)
}

function roomFor(count: number): unknown[] {
  const room = Math.min(count, roomLeft)
  roomLeft -= room
  return new Array(room)
}

function checkCount(tap: Tap, count: number, leastBytes: number): void {
  const remaining = tap.buf.length - tap.pos
  if (leastBytes === 0) {
    emptyElementsLeft -= count
    if (emptyElementsLeft >= 0) return
    throw new Error(`more than ${MAX_EMPTY_ELEMENTS} elements that take no bytes`)
  }
  // Written so that NaN, of a count that is no number, fails too.
  if (count * leastBytes <= remaining) return
  throw new Error(`a block says that it has ${count} elements, and ${Math.max(0, remaining)} bytes are left`)
}

/**
 * The fewest bytes that a value of `type` takes.
 *
 * @param found  Those of the records seen so far. Each is looked at once: records of records of records may be very many.
 */
function leastBytesOf(type: AvscType, found = new Map<AvscType, number>()): number {
  switch (type.typeName) {
    case 'null':
      return 0
    case 'float':
      return 4
    case 'double':
      return 8
    case 'fixed':
      return type.size!
    case 'record':
    case 'error': {
      const known = found.get(type)
      if (known !== undefined) return known
      // A record directly in itself has no end; any answer will do.
      found.set(type, 0)
      const sum = type.fields!.reduce((total, field) => total + leastBytesOf(field.type, found), 0)
      found.set(type, sum)
      return sum
    }
    default:
      // A logical type adds nothing; everything else begins with a byte at least: a value, a length, a count or a branch.
      return type.underlyingType === undefined ? 1 : leastBytesOf(type.underlyingType, found)
  }
}
