import { randomFillSync } from 'node:crypto'
import { assert } from '../assert.ts'
import type { Random } from '../random.ts'
import { asVersion4, uuidOf } from '../uuid.ts'

// Random bytes are drawn in bulk: one system call serves many small wishes.
const pool = Buffer.alloc(1024)
let used = pool.length

function draw(byteCount: number): number {
  if (used + byteCount > pool.length) {
    randomFillSync(pool)
    used = 0
  }
  const at = used
  used += byteCount
  return at
}

export const nodeRandom: Random = {
  uint32: () => pool.readUInt32LE(draw(4)),
  bytes: length => {
    // Anything else would move the pool's end back, and the same bytes would be given twice.
    assert(Number.isInteger(length) && length >= 0, 'a number of bytes is a whole number from 0')
    if (length > pool.length) return randomFillSync(new Uint8Array(length))
    const at = draw(length)
    return new Uint8Array(pool.subarray(at, at + length))
  },
  uuid: () => {
    for (;;) {
      const at = draw(16)
      const uuid = uuidOf(asVersion4(new Uint8Array(pool.subarray(at, at + 16))))
      // Kafka never issues one that starts with a dash: command lines would take it for an option.
      if (uuid[0] !== '-') return uuid
    }
  },
}
