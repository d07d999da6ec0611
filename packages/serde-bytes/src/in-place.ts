import type { Serde, SerdeContext } from '@logwerk/serde'

/** Reads the value that lies in `data` between `start` and `end`. */
export type ReadAt<T> = (data: Buffer, start: number, end: number, context: SerdeContext) => T | Promise<T>

/** By the very object: a copy of a serde may have a `deserialize` of its own. */
const readers = new WeakMap<object, ReadAt<unknown>>()

/** Lets {@link readerOf} read the values of `serde` where they lie. */
export function readableInPlace<T, S extends Serde<T>>(serde: S, readAt: (data: Buffer, start: number, end: number) => T): S {
  readers.set(serde, readAt)
  return serde
}

/** How a list reads its entries: for the serdes of this package without a view of each, which takes longer than the reading itself. */
export function readerOf<T>(serde: Serde<T>): ReadAt<T> {
  const found = readers.get(serde) as ReadAt<T> | undefined
  return found ?? ((data, start, end, context) => serde.deserialize(data.subarray(start, end), context))
}
