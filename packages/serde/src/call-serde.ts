import { type ByteWriter, type ErrorPlace, messageOf } from '@logwerk/runtime'
import type { Deserializer, SerdeContext, Serializer } from './serde.ts'
import { SerdeError, type SerdeReason } from './serde-error.ts'

/** True for a promise, of whatever make. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function'
}

/**
 * `serializer.serialize`, as a client calls it.
 *
 * @throws SerdeError with topic and side, whatever was thrown (a returned promise rejects with it): what is none gets the reason
 *         `ENCODE`, also where the answer is neither bytes nor null.
 */
export function serializeWith<T>(
  serializer: Serializer<T>,
  value: T,
  context: SerdeContext,
): Uint8Array | null | Promise<Uint8Array | null> {
  try {
    const bytes = serializer.serialize(value, context)
    if (bytes === null || bytes instanceof Uint8Array) return bytes
    if (isThenable(bytes)) return serializeLater(serializer, bytes, context)
    throw wrongAnswer(serializer, bytes)
  } catch (error) {
    throw placed(error, 'ENCODE', context)
  }
}

async function serializeLater(serializer: object, pending: PromiseLike<unknown>, context: SerdeContext): Promise<Uint8Array | null> {
  try {
    const bytes = await pending
    if (bytes === null || bytes instanceof Uint8Array) return bytes
    throw wrongAnswer(serializer, bytes)
  } catch (error) {
    throw placed(error, 'ENCODE', context)
  }
}

/** A serializer that writes in place. */
export type InPlaceSerializer<T> = Serializer<T> & Required<Pick<Serializer<T>, 'serializeInto'>>

/** True where {@link serializeIntoWith} may be used. */
export function writesInPlace<T>(serializer: Serializer<T>): serializer is InPlaceSerializer<T> {
  return serializer.serializeInto !== undefined
}

/**
 * `serializer.serializeInto`, as a client calls it.
 *
 * @throws SerdeError with topic and side, whatever was thrown. The writer's position is then what it was.
 */
export function serializeIntoWith<T>(serializer: InPlaceSerializer<T>, value: T, writer: ByteWriter, context: SerdeContext): void {
  const start = writer.position
  try {
    serializer.serializeInto(value, writer, context)
  } catch (error) {
    writer.position = start
    throw placed(error, 'ENCODE', context)
  }
}

/**
 * `deserializer.deserialize`, as a client calls it for data that is not null.
 *
 * @param partition  Where the data is from, for the error; so is `offset`.
 * @throws SerdeError with topic, partition, offset and side, whatever was thrown (a returned promise rejects with it): what is none
 *         gets the reason `DECODE`.
 */
export function deserializeWith<T>(
  deserializer: Deserializer<T>,
  data: Uint8Array,
  context: SerdeContext,
  partition?: number,
  offset?: number,
): T | Promise<T> {
  try {
    const value = deserializer.deserialize(data, context)
    return isThenable(value) ? deserializeLater<T>(value, context, partition, offset) : value
  } catch (error) {
    throw placed(error, 'DECODE', context, partition, offset)
  }
}

async function deserializeLater<T>(pending: PromiseLike<T>, context: SerdeContext, partition?: number, offset?: number): Promise<T> {
  try {
    return await pending
  } catch (error) {
    throw placed(error, 'DECODE', context, partition, offset)
  }
}

/** A new error: the one that was thrown may be a serde's cached answer for many records. */
function placed(error: unknown, reason: SerdeReason, context: SerdeContext, partition?: number, offset?: number): SerdeError {
  const place: ErrorPlace = {
    topic: context.topic,
    ...(partition === undefined ? {} : { partition }),
    ...(offset === undefined ? {} : { offset }),
  }
  if (!(error instanceof SerdeError)) return new SerdeError(reason, messageOf(error), { at: place, isKey: context.isKey, cause: error })
  const found = new SerdeError(error.reason, error.detail, {
    at: { ...error.at, ...place },
    isKey: context.isKey,
    retriable: error.retriable,
    ...(error.cause === undefined ? {} : { cause: error.cause }),
    ...(error.path === undefined ? {} : { path: error.path }),
    ...(error.schemaId === undefined ? {} : { schemaId: error.schemaId }),
  })
  // The frames of the serde say more than those of this file.
  found.stack = `${found.name}: ${found.message}${framesOf(error)}`
  return found
}

function framesOf(error: Error): string {
  const stack = error.stack ?? ''
  const first = stack.indexOf('\n    at ')
  return first === -1 ? '' : stack.slice(first)
}

function wrongAnswer(serializer: object, answer: unknown): SerdeError {
  const name = (serializer as { name?: unknown }).name
  const who = typeof name === 'string' && name !== '' ? `the serde "${name}"` : 'the serializer'
  const what =
    answer === undefined
      ? 'undefined'
      : typeof answer === 'object'
        ? `an object (${answer?.constructor?.name ?? 'of no class'})`
        : `a ${typeof answer}`
  return new SerdeError('ENCODE', `${who} answered ${what}: serialize has to return a Uint8Array, null, or a promise of one`)
}
