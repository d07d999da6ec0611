import { ByteWriter } from '@logwerk/runtime'
import { describe, expect, test } from 'vitest'
import { deserializeWith, isThenable, serializeIntoWith, serializeWith, writesInPlace } from './call-serde.ts'
import type { Deserializer, SerdeContext, Serializer } from './serde.ts'
import { SerdeError } from './serde-error.ts'

const context: SerdeContext = { topic: 'orders', isKey: false, headers: [] }
const bytes = Uint8Array.of(1, 2)

function thrownBy(act: () => unknown): SerdeError {
  try {
    act()
  } catch (error) {
    expect(error).toBeInstanceOf(SerdeError)
    return error as SerdeError
  }
  throw new Error('nothing was thrown')
}
const rejectionOf = async (promise: unknown): Promise<SerdeError> => {
  const error: unknown = await Promise.resolve(promise).then(
    () => null,
    reason => reason,
  )
  expect(error).toBeInstanceOf(SerdeError)
  return error as SerdeError
}
const answering = (answer: unknown): Serializer<string> => ({ serialize: () => answer as Uint8Array })
const throwing = (error: unknown): Serializer<string> & Deserializer<string> => ({
  serialize: () => {
    throw error
  },
  deserialize: () => {
    throw error
  },
})

describe('serializeWith', () => {
  test('hands on bytes, null and a promise of either', async () => {
    expect(serializeWith(answering(bytes), 'v', context)).toBe(bytes)
    expect(serializeWith(answering(null), 'v', context)).toBe(null)
    expect(await serializeWith(answering(Promise.resolve(bytes)), 'v', context)).toBe(bytes)
    expect(await serializeWith(answering(Promise.resolve(null)), 'v', context)).toBe(null)
  })

  test('places what was thrown, at once or later', async () => {
    const cause = new RangeError('off')
    for (const error of [
      thrownBy(() => serializeWith(throwing(cause), 'v', context)),
      await rejectionOf(serializeWith(answering(Promise.reject(cause)), 'v', context)),
    ]) {
      expect(error).toMatchObject({ reason: 'ENCODE', detail: 'off', cause, isKey: false, at: { topic: 'orders' }, retriable: false })
      expect(error.message).toBe('topic orders, value: off (ENCODE)')
    }
  })

  test('refuses an answer that is neither bytes nor null', async () => {
    const named = { name: 'mine', serialize: () => 'text' as unknown as Uint8Array }
    expect(thrownBy(() => serializeWith(named, 'v', context)).detail).toContain('the serde "mine" answered a string')
    expect(thrownBy(() => serializeWith(answering(undefined), 'v', context)).detail).toContain('the serializer answered undefined')
    expect(thrownBy(() => serializeWith(answering(new ArrayBuffer(1)), 'v', context)).detail).toContain('an object (ArrayBuffer)')
    expect((await rejectionOf(serializeWith(answering(Promise.resolve(5)), 'v', context))).detail).toContain('a number')
  })
})

describe('serializeIntoWith', () => {
  test('writes, and sets the writer back when the serializer throws midway', () => {
    const serializer: Serializer<boolean> = {
      serialize: () => bytes,
      serializeInto: (value, writer) => {
        writer.writeBytes(bytes)
        if (!value) throw new Error('midway')
      },
    }
    const writer = new ByteWriter()
    if (!writesInPlace(serializer)) throw new Error('it does')
    serializeIntoWith(serializer, true, writer, context)
    expect([...writer.bytes()]).toEqual([1, 2])
    expect(thrownBy(() => serializeIntoWith(serializer, false, writer, context))).toMatchObject({
      detail: 'midway',
      at: { topic: 'orders' },
    })
    expect([...writer.bytes()]).toEqual([1, 2])
    expect(writesInPlace(answering(bytes))).toBe(false)
  })
})

describe('deserializeWith', () => {
  test('hands on a value and a promise of one', async () => {
    expect(deserializeWith({ deserialize: data => data.length }, bytes, context)).toBe(2)
    expect(await deserializeWith({ deserialize: async data => data.length }, bytes, context)).toBe(2)
  })

  test('fills in the place of a SerdeError and keeps everything else', async () => {
    const cause = new Error('inner')
    const original = new SerdeError('UNKNOWN_SCHEMA', 'no schema 7', { schemaId: 7, path: 'a', cause, retriable: true })
    const later: Deserializer<string> = { deserialize: () => Promise.reject(original) }
    for (const error of [
      thrownBy(() => deserializeWith(throwing(original), bytes, { ...context, isKey: true }, 3, 17)),
      await rejectionOf(deserializeWith(later, bytes, { ...context, isKey: true }, 3, 17)),
    ]) {
      expect(error.message).toBe('orders-3, offset 17, key: at a: no schema 7 (UNKNOWN_SCHEMA)')
      expect(error).toMatchObject({ schemaId: 7, path: 'a', cause, retriable: true, isKey: true })
      expect(error.at).toEqual({ topic: 'orders', partition: 3, offset: 17 })
      // The frames are the serde's, under the new message.
      expect(error.stack).toBe(original.stack?.replace(/^.*$/m, `SerdeError: ${error.message}`))
    }
    // A serde may throw one error for many records, so that one stays as it is.
    expect(original).toMatchObject({ at: {}, isKey: undefined })
  })

  test('gives anything else the reason DECODE', () => {
    expect(thrownBy(() => deserializeWith(throwing('text'), bytes, context, 0, 5))).toMatchObject({
      reason: 'DECODE',
      detail: 'text',
      cause: 'text',
      at: { topic: 'orders', partition: 0, offset: 5 },
    })
  })
})

test('isThenable knows promises of any make', () => {
  // biome-ignore lint/suspicious/noThenProperty: that is the point
  const own = { then: () => {} }
  expect([Promise.resolve(), own, null, undefined, 'then', {}].map(isThenable)).toEqual([true, true, false, false, false, false])
})
