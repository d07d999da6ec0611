import { assert } from '../assert.ts'
import type { Random } from '../random.ts'
import { asVersion4, type Uuid, uuidOf } from '../uuid.ts'

/**
 * Seeded randomness: the same seed gives the same sequence on every machine. The generator is sfc32 (128 bits of state, a counter
 * among them, so that no seed falls into a short cycle). Not for secrets.
 */
export class SeededRandom implements Random {
  /** As given; {@link fork} starts from it. */
  readonly seed: number
  readonly #path: string
  #a: number
  #b: number
  #c: number
  #counter = 1

  /**
   * @param seed  Any safe integer.
   * @param path  Which of the seed's streams; {@link fork} sets it.
   */
  constructor(seed: number, path = '') {
    assert(Number.isSafeInteger(seed), 'a seed is a safe integer', { seed })
    this.seed = seed
    this.#path = path
    let state = mixText(mix((seed >>> 0) ^ mix(Math.floor(seed / 0x1_0000_0000) | 0)), path)
    const next = () => {
      state = (state + 0x9e37_79b9) | 0
      return mix(state)
    }
    this.#a = next()
    this.#b = next()
    this.#c = next()
    // Neighbouring seeds start alike; a few rounds carry the difference into every bit.
    for (let round = 0; round < 12; round++) this.uint32()
  }

  uint32(): number {
    const sum = (((this.#a + this.#b) | 0) + this.#counter) | 0
    this.#counter = (this.#counter + 1) | 0
    this.#a = this.#b ^ (this.#b >>> 9)
    this.#b = (this.#c + (this.#c << 3)) | 0
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0
    return sum >>> 0
  }

  bytes(length: number): Uint8Array {
    const bytes = new Uint8Array(length)
    for (let at = 0; at < length; ) {
      const word = this.uint32()
      for (let shift = 0; shift < 32 && at < length; shift += 8) bytes[at++] = word >>> shift
    }
    return bytes
  }

  uuid(): Uuid {
    for (;;) {
      const uuid = uuidOf(asVersion4(this.bytes(16)))
      if (uuid[0] !== '-') return uuid
    }
  }

  /**
   * A stream of its own, which depends on the seed and `name` only: one part of a simulation that draws more or fewer numbers leaves
   * the others as they were.
   */
  fork(name: string): SeededRandom {
    return new SeededRandom(this.seed, `${this.#path}/${name}`)
  }
}

/** Scatters the bits of a 32-bit integer: every input bit changes about half of the output bits. */
function mix(value: number): number {
  let bits = value | 0
  bits = Math.imul(bits ^ (bits >>> 16), 0x21f0_aaad)
  bits = Math.imul(bits ^ (bits >>> 15), 0x735a_2d97)
  return bits ^ (bits >>> 15)
}

/** Folds `text` into a 32-bit hash. */
export function mixText(hash: number, text: string): number {
  let bits = hash | 0
  for (let index = 0; index < text.length; index++) bits = mix((bits ^ text.charCodeAt(index)) + 0x9e37_79b9)
  return bits
}
