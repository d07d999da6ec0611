import { describe, expect, test } from 'vitest'
import { codeThrownBy, encoded } from './golden.test-support.ts'
import { apis } from './messages/apis.ts'
import type { AnyField, StructFields } from './schema/field.ts'
import { hasField, isTagged } from './schema/field-version.ts'
import type { AnyApi, Message } from './schema/message.ts'
import { MessageReader } from './schema/message-reader.ts'

/** What Kafka's own class writes for a value; made by packages/interop/java/Golden.java. */
interface Golden {
  readonly message: string
  readonly cases: readonly GoldenCase[]
}

interface GoldenCase {
  readonly version: number
  readonly kind: 'default' | 'filled' | 'null'
  /** The fields of the version; tagged fields may be left out. */
  readonly value: Json
  readonly hex: string
}

type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json }
type JsonObject = Readonly<Record<string, Json>>
type AnyMessage = Message<unknown, unknown>

declare global {
  interface ImportMeta {
    /** Vite's: the modules that a pattern finds. */
    glob<T>(patterns: string | readonly string[], options: { eager: true; import?: string }): Record<string, T>
  }
}

const goldens = Object.values(import.meta.glob<Golden>('../golden/*.json', { eager: true, import: 'default' })).filter(
  golden => golden.cases !== undefined,
)
const modules = import.meta.glob<Record<string, unknown>>(['./messages/**/*.ts', '!**/*.test.ts'], { eager: true })
// By name, since the list of APIs repeats what the modules export.
const messages = new Map<string, AnyMessage>()
const definedApis = new Map<string, AnyApi>()
for (const exported of Object.values(modules).flatMap(module => Object.values(module))) {
  if (isApi(exported)) definedApis.set(exported.name, exported)
  for (const message of isApi(exported) ? [exported.request, exported.response] : [exported]) {
    if (isMessage(message)) messages.set(message.name, message)
  }
}

function isApi(value: unknown): value is AnyApi {
  return typeof value === 'object' && value !== null && 'request' in value && 'response' in value && 'key' in value
}

function isMessage(value: unknown): value is AnyMessage {
  return typeof value === 'object' && value !== null && 'schema' in value && 'codec' in value
}

test('every message has goldens, and every golden a message', () => {
  expect(goldens.map(golden => golden.message).sort()).toEqual([...messages.keys()].sort())
})

test('every API is in the list', () => {
  expect([...definedApis.keys()].sort()).toEqual(
    Object.values(apis)
      .map(api => api.name)
      .sort(),
  )
})

describe.each(goldens.map(golden => [golden.message, golden] as const))('%s', (name, { cases }) => {
  const message = messages.get(name)!

  test('has a default and a filled golden of every version', () => {
    const [first, last] = message.versions
    const versions = Array.from({ length: last - first + 1 }, (_, index) => first + index)
    for (const kind of ['default', 'filled']) expect(cases.filter(one => one.kind === kind).map(one => one.version)).toEqual(versions)
  })

  test('is read as Kafka wrote it', () => {
    for (const golden of cases) {
      const reader = new MessageReader(Buffer.from(golden.hex, 'hex'))
      const value = message.codec(golden.version).decode(reader)
      expect(value, at(golden)).toStrictEqual(decoded(message.schema, golden.value, golden.version))
      expect(reader.remaining, at(golden)).toBe(0)
    }
  })

  test('leaves what follows unread', () => {
    for (const golden of cases) {
      const reader = new MessageReader(Buffer.from(`${golden.hex}ffdeadbeef`, 'hex'))
      const value = message.codec(golden.version).decode(reader)
      expect(value, at(golden)).toStrictEqual(decoded(message.schema, golden.value, golden.version))
      expect(reader.remaining, at(golden)).toBe(5)
    }
  })

  test('is written as Kafka writes it', () => {
    for (const golden of cases) {
      expect(hexOf(golden, given(message.schema, golden.value)), at(golden)).toBe(golden.hex)
      // Also with the fields that the version lacks, as a decoded message has them.
      expect(hexOf(golden, decoded(message.schema, golden.value, golden.version)), at(golden)).toBe(golden.hex)
    }
  })

  test('is malformed when cut short, wherever it is cut', () => {
    for (const golden of cases) {
      const bytes = Buffer.from(golden.hex, 'hex')
      const codec = message.codec(golden.version)
      for (let length = 0; length < bytes.length; length++) {
        const code = codeThrownBy(() => codec.decode(new MessageReader(bytes.subarray(0, length))))
        if (code !== 'MALFORMED_MESSAGE') expect.fail(`${at(golden)}, cut to ${length} of ${bytes.length} bytes: ${code}`)
      }
    }
  })

  function hexOf({ version }: GoldenCase, value: unknown): string {
    return encoded(message, version, value).toString('hex')
  }

  function at(golden: GoldenCase): string {
    return `${name} version ${golden.version}, ${golden.kind}`
  }
})

/** The golden value as one passes it to `encode`. */
function given(field: AnyField, json: Json): unknown {
  if (json === null) return null
  if (field.kind === 'bytes' || field.kind === 'records') return Buffer.from(json as string, 'hex')
  if (field.kind === 'array') return (json as readonly Json[]).map(element => given(field.element!, element))
  if (field.kind !== 'struct') return json
  return Object.fromEntries(Object.entries(json as JsonObject).map(([name, inner]) => [name, given(fieldOf(field.fields!, name), inner)]))
}

/** The golden value as `decode` gives it: all fields of all versions, absent ones with their default. */
function decoded(field: AnyField, json: Json, version: number): unknown {
  if (json === null) return null
  if (field.kind === 'array') return (json as readonly Json[]).map(element => decoded(field.element!, element, version))
  if (field.kind !== 'struct') return given(field, json)
  const object = json as JsonObject
  for (const name of Object.keys(object)) fieldOf(field.fields!, name)
  const entries = Object.entries(field.fields!).map(([name, inner]) => {
    const value = object[name]
    const absent = !hasField(inner, version)
    if (absent !== (value === undefined) && !isTagged(inner, version)) {
      expect.fail(`${name} is ${absent ? 'not in' : 'in'} version ${version} for us, unlike for Kafka`)
    }
    return [name, value === undefined ? asBuffers(inner.default) : decoded(inner, value, version)]
  })
  return Object.fromEntries(entries)
}

function fieldOf(fields: StructFields, name: string): AnyField {
  return fields[name] ?? expect.fail(`Kafka has a field ${name}`)
}

/** A default in the classes that decoding gives. */
function asBuffers(value: unknown): unknown {
  return Array.isArray(value) ? [] : value
}
