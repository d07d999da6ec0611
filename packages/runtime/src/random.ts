import { assert } from './assert.ts'
import type { Uuid } from './uuid.ts'

/** Randomness, as the rest of Logwerk sees it. Cryptographic in production, seeded in simulation. */
export interface Random {
  /** An integer in [0, 2^32). */
  uint32(): number
  bytes(length: number): Uint8Array
  /** A random (version 4) UUID that does not start with a dash in Kafka's text form, as Kafka's own `Uuid.randomUuid` promises. */
  uuid(): Uuid
}

/** An integer in [0, bound), without bias. `bound` is a whole number from 1 to 2^32. */
export function randomBelow(random: Random, bound: number): number {
  // Anything else would be drawn for without an end.
  assert(bound >= 1 && bound <= 0x1_0000_0000 && Number.isInteger(bound), 'a bound is a whole number from 1 to 2^32')
  const limit = 0x1_0000_0000 - (0x1_0000_0000 % bound)
  for (;;) {
    const value = random.uint32()
    if (value < limit) return value % bound
  }
}

/** A number in [0, 1). */
export function randomFraction(random: Random): number {
  return random.uint32() / 0x1_0000_0000
}
