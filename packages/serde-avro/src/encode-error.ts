import { messageOf } from '@logwerk/runtime'
import { formatFieldPath, SerdeError } from '@logwerk/serde'
import type { AvscType } from './avsc.ts'
import { isAvroLogical } from './logical.ts'

/** The error for a value that `type` did not write. avsc does not say where it failed, so the value is gone through once more. */
export function encodeError(type: AvscType, value: unknown, cause: unknown): SerdeError {
  let found: SerdeError | undefined
  const errorHook = (path: string[], part: unknown, expected: AvscType) => {
    found ??= new SerdeError('ENCODE', `${expectation(expected)} is expected, and this is ${describe(part)}`, {
      path: formatFieldPath(path.map(segment => (/^(?:0|[1-9]\d*)$/.test(segment) ? Number(segment) : segment))),
      cause,
    })
  }
  try {
    type.isValid(value, { errorHook })
  } catch {
    // A value that contains itself, or a getter that throws: the first error has to do.
  }
  return found ?? new SerdeError('ENCODE', detailOf(cause), { cause })
}

/** The message of what avsc threw, or of what went wrong in it. */
export function detailOf(cause: unknown): string {
  return cause instanceof RangeError && /call stack/.test(cause.message) ? 'the value is nested too deeply' : messageOf(cause)
}

function expectation(type: AvscType): string {
  if (isAvroLogical(type)) return type.expects
  switch (type.typeName) {
    case 'int':
      return 'an int (an integer in [-2^31, 2^31))'
    case 'abstract:long':
      return 'a long (a bigint: 5n, BigInt(5))'
    case 'float':
    case 'double':
      return `a ${type.typeName} (a number)`
    case 'bytes':
      return 'bytes (a Uint8Array)'
    case 'fixed':
      return `the fixed type ${type.name} (a Uint8Array of ${type.size} bytes)`
    case 'enum':
      return `a symbol of ${type.name} (${type.symbols!.join(', ')})`
    case 'record':
    case 'error':
      return `the record ${type.name}`
    case 'array':
      return 'an array'
    case 'map':
      return 'a map (a plain object)'
    case 'union:unwrapped':
      return `one of ${type.types!.map(branchExpectation).join(', ')}`
    case 'union:wrapped':
      return `one of ${type.types!.map(branch => (branch.typeName === 'null' ? 'null' : `{ ${JSON.stringify(branch.branchName)}: … }`)).join(', ')}`
    default:
      return `a ${type.typeName}`
  }
}

/** The names, and more where they do not say what a value has to be. */
function branchExpectation(branch: AvscType): string {
  if (isAvroLogical(branch)) return branch.expects
  return branch.typeName === 'abstract:long' ? 'long (a bigint)' : branch.branchName!
}

const SHOWN_LENGTH = 60
const SHOWN_BITS = 256

function describe(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return `the string ${JSON.stringify(value.length > SHOWN_LENGTH ? `${value.slice(0, SHOWN_LENGTH)}…` : value)}`
    case 'number':
    case 'boolean':
      return `the ${typeof value} ${value}`
    case 'bigint':
      return BigInt.asIntN(SHOWN_BITS, value) === value ? `the bigint ${value}n` : `a bigint of more than ${SHOWN_BITS} bits`
    case 'object':
      if (value === null) return 'null'
      if (Array.isArray(value)) return 'an array'
      if (value instanceof Uint8Array) return `${value.length} bytes`
      return value instanceof Date || value instanceof Map ? `a ${value.constructor.name}` : 'an object'
    default:
      return typeof value === 'undefined' ? 'undefined' : `a ${typeof value}`
  }
}
