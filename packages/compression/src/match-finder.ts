// LZ4 and snappy both stand for their input by literals and by matches with what came at most 64 KiB before; they differ only in how
// they write that down.

const MIN_MATCH = 4
/** LZ4 demands both, for the sake of fast decoders: the last match starts this far from the end, and the last 5 bytes are literals. */
const MATCH_START_MARGIN = 12
const LAST_LITERALS = 5
const HASH_BITS = 13
const HASH_SHIFT = 32 - HASH_BITS
/** 2^32 divided by the golden ratio: spreads similar words over the table. */
const HASH_FACTOR = 0x9e3779b1
/** After 2^6 positions without a match the search begins to skip, so that incompressible bytes cost little. */
const SKIP_TRIGGER = 6

/** Most input of one search: positions, lengths and distances are kept in 16 bits. */
export const MAX_SEARCH_BYTES = 65_536

// Shared by all codecs: a search never yields, and its result is used up before the next. The last position that had each hash:
const positions = new Uint16Array(1 << HASH_BITS)

/** What {@link findMatches} found, three numbers each: literal length, match length, distance of the match. */
export const sequences = new Uint16Array(3 * (MAX_SEARCH_BYTES / MIN_MATCH))

/**
 * Searches `input[start, end)`, at most {@link MAX_SEARCH_BYTES}, in one greedy pass. What follows the last match is literals.
 *
 * @returns  How many numbers of {@link sequences} are filled.
 */
export function findMatches(input: Uint8Array, start: number, end: number): number {
  positions.fill(0)
  const lastStart = end - MATCH_START_MARGIN
  const matchLimit = end - LAST_LITERALS
  let filled = 0
  let anchor = start
  // Position 0 means an empty slot too: comparing the words finds out.
  let at = start + 1
  let searchCount = 1 << SKIP_TRIGGER
  while (at <= lastStart) {
    const word = wordAt(input, at)
    const hash = Math.imul(word, HASH_FACTOR) >>> HASH_SHIFT
    const candidate = start + positions[hash]!
    positions[hash] = at - start
    if (wordAt(input, candidate) !== word) {
      at += searchCount++ >>> SKIP_TRIGGER
      continue
    }
    const distance = at - candidate
    let from = at
    while (from > anchor && from - distance > start && input[from - 1] === input[from - distance - 1]) from--
    at += MIN_MATCH
    while (at < matchLimit && input[at] === input[at - distance]) at++
    sequences[filled] = from - anchor
    sequences[filled + 1] = at - from
    sequences[filled + 2] = distance
    filled += 3
    anchor = at
    searchCount = 1 << SKIP_TRIGGER
    // The end of a match is a likely start of the next one.
    positions[Math.imul(wordAt(input, at - 2), HASH_FACTOR) >>> HASH_SHIFT] = at - 2 - start
  }
  return filled
}

function wordAt(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)
}
