import { ByteWriter } from '@logwerk/runtime'
import type { Serde, SerdeContext } from '@logwerk/serde'
import { expect, test } from 'vitest'
import { boolean, bytes, float32, float64, int16, int32, int64, list, none, string, uuid } from './index.ts'

/** What Java's serializer of that name writes for a value; made by packages/interop/java. */
interface Golden {
  readonly serializer: string
  readonly inner?: string
  readonly value: Json
  readonly hex: string | null
}
type Json = null | boolean | number | string | readonly Json[]

declare global {
  interface ImportMeta {
    /** Vite's: the modules that a pattern finds. */
    glob<T>(patterns: string | readonly string[], options: { eager: true; import?: string }): Record<string, T>
  }
}

const context: SerdeContext = { topic: 'goldens', isKey: false, headers: [] }
const goldens = Object.values(import.meta.glob<readonly Golden[]>('../golden/serializers.json', { eager: true, import: 'default' })).flat()

/** Our serde for a Java class, and how the file writes its values down. */
const counterparts = new Map<string, { serde: Serde<never, unknown>; value: (json: Json) => unknown }>([
  ['String', { serde: string, value: json => json }],
  ['Short', { serde: int16, value: json => json }],
  ['Integer', { serde: int32, value: json => json }],
  ['Long', { serde: int64, value: json => BigInt(json as string) }],
  ['Float', { serde: float32, value: Number }],
  ['Double', { serde: float64, value: Number }],
  ['UUID', { serde: uuid, value: json => json }],
  ['Boolean', { serde: boolean, value: json => json }],
  ['ByteArray', { serde: bytes, value: json => Buffer.from(json as string, 'hex') }],
  ['Void', { serde: none, value: json => json }],
])

function counterpartOf({ serializer, inner }: Golden): { serde: Serde<never, unknown>; value: (json: Json) => unknown } {
  if (serializer !== 'List') return counterparts.get(serializer)!
  const { serde, value } = counterparts.get(inner!)!
  return { serde: list(serde as Serde<unknown>), value: json => (json as Json[]).map(entry => (entry === null ? null : value(entry))) }
}

/** A Buffer and a plain Uint8Array of the same bytes are the same value. */
function comparable(value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex')
  return Array.isArray(value) ? value.map(comparable) : value
}

test('there are goldens of every serde', () => {
  expect(new Set(goldens.map(golden => golden.serializer))).toEqual(new Set([...counterparts.keys(), 'List']))
})

test('every value becomes the bytes that Java writes, alone and in place, and comes back from them', () => {
  for (const golden of goldens) {
    const { serializer, inner, hex } = golden
    // Java's serializers take null as well; here the client deals with it.
    expect(hex === null, JSON.stringify(golden)).toBe(golden.value === null)
    if (hex === null) continue
    const counterpart = counterpartOf(golden)
    const serde = counterpart.serde as unknown as Serde<unknown>
    const value = counterpart.value(golden.value)
    const where = `${serializer} ${inner ?? ''} ${JSON.stringify(golden.value)}`
    expect(Buffer.from(serde.serialize(value, context) as Uint8Array).toString('hex'), where).toBe(hex)
    const writer = new ByteWriter(Buffer.alloc(1))
    writer.writeInt8(0x55)
    serde.serializeInto!(value, writer, context)
    expect(writer.bytes().toString('hex'), where).toBe(`55${hex}`)
    expect(comparable(serde.deserialize(new Uint8Array(Buffer.from(hex, 'hex')), context)), where).toEqual(comparable(value))
  }
})
