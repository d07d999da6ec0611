import { formatFieldPath } from '@logwerk/serde'
import { type AvscType, type Tap, types } from './avsc.ts'
import { blockCounter, startReading } from './collections.ts'
import { withMethods } from './own-type.ts'

/** A path of more segments says less than none. */
const MAX_SEGMENTS = 32

type Path = (string | number)[]

/**
 * The path of the field at which data of the type `wire` cannot be read any further: avsc does not say, so the data is gone through once
 * more. Empty if it is about the whole, or if all of it can be read.
 */
export function failingField(wire: AvscType, buffer: Buffer, position: number): string {
  const path: Path = []
  startReading()
  try {
    // avsc makes the tap for whatever type it is.
    withMethods(new types.NullType(), { _read: tap => walk(wire, tap, path) }).decode(buffer, position)
  } catch {
    return path.length > MAX_SEGMENTS ? '' : formatFieldPath(path)
  }
  return ''
}

/** Reads a value. Where it fails, `path` stays as it is then. */
function walk(type: AvscType, tap: Tap, path: Path): void {
  switch (type.typeName) {
    case 'record':
    case 'error':
      for (const field of type.fields!) within(field.name, field.type, tap, path)
      return
    case 'array':
      walkBlocks(type.itemsType!, 0, tap, index => within(index, type.itemsType!, tap, path))
      return
    case 'map':
      walkBlocks(type.valuesType!, 1, tap, () => {
        const key = tap.readString()
        checkEnd(tap)
        within(key!, type.valuesType!, tap, path)
      })
      return
    case 'union:wrapped':
    case 'union:unwrapped': {
      const branch = type.types![tap.readLong()]
      checkEnd(tap)
      if (branch === undefined) throw new Error('no such branch')
      if (type.typeName === 'union:wrapped' && branch.typeName !== 'null') within(branch.branchName!, branch, tap, path)
      else walk(branch, tap, path)
      return
    }
    default:
      type._read(tap)
      checkEnd(tap)
  }
}

function within(segment: string | number, type: AvscType, tap: Tap, path: Path): void {
  path.push(segment)
  walk(type, tap, path)
  path.pop()
}

function walkBlocks(elements: AvscType, keyBytes: number, tap: Tap, each: (index: number) => void): void {
  const countOf = blockCounter(elements, keyBytes)
  let index = 0
  for (;;) {
    const count = countOf(tap)
    checkEnd(tap)
    if (count === 0) return
    for (const end = index + count; index < end; index++) each(index)
  }
}

/** avsc reads on behind the end, and finds out when it is done. */
function checkEnd(tap: Tap): void {
  // Written so that NaN, of a length that is no number, fails too.
  if (!(tap.pos <= tap.buf.length)) throw new Error('the data ends')
}
