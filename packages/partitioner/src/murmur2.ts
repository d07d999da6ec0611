const SEED = 0x9747_b28c
const MULTIPLIER = 0x5bd1_e995

/**
 * The 32-bit murmur2 hash of `bytes[start, end)` as Java's clients compute it: a signed integer, so that every key keeps its partition
 * across languages. Source: Kafka's `Utils.murmur2`; equality is tested against vectors that the Java class made.
 */
export function murmur2(bytes: Uint8Array, start = 0, end = bytes.length): number {
  let hash = SEED ^ (end - start)
  let at = start
  for (; at + 4 <= end; at += 4) {
    const block = Math.imul(bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24), MULTIPLIER)
    hash = Math.imul(hash, MULTIPLIER) ^ Math.imul(block ^ (block >>> 24), MULTIPLIER)
  }
  if (at < end) {
    for (let shift = 0; at < end; at++, shift += 8) hash ^= bytes[at]! << shift
    hash = Math.imul(hash, MULTIPLIER)
  }
  hash = Math.imul(hash ^ (hash >>> 13), MULTIPLIER)
  return hash ^ (hash >>> 15)
}

/**
 * The partition of a hash: the sign bit is dropped, not turned, as Java does. `hash >>> 0` or `Math.abs` would send half of all keys
 * elsewhere whenever the partition count is not a power of two.
 */
export function toPartition(hash: number, partitionCount: number): number {
  return (hash & 0x7fff_ffff) % partitionCount
}
