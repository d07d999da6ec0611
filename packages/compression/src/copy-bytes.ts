// LZ4 and snappy are both made of literals and of matches, which repeat bytes of the output. Most of them are short.
const LOOP_UP_TO_BYTES = 16

/** Copies a literal. The caller has checked both ranges. */
export function copyLiteral(from: Buffer, fromAt: number, to: Uint8Array, toAt: number, lengthBytes: number): void {
  if (lengthBytes > LOOP_UP_TO_BYTES) from.copy(to, toAt, fromAt, fromAt + lengthBytes)
  else for (let index = 0; index < lengthBytes; index++) to[toAt + index] = from[fromAt + index]!
}

/** Repeats what lies `distance` bytes back. A match may overlap itself: distance 1 repeats one byte. The caller has checked both ranges. */
export function copyMatch(bytes: Uint8Array, at: number, distance: number, lengthBytes: number): void {
  const from = at - distance
  if (lengthBytes <= LOOP_UP_TO_BYTES) {
    for (let index = 0; index < lengthBytes; index++) bytes[at + index] = bytes[from + index]!
  } else if (distance >= lengthBytes) bytes.copyWithin(at, from, from + lengthBytes)
  else repeat(bytes, at, from, lengthBytes)
}

/** What is written doubles the stretch that can be copied next. */
function repeat(bytes: Uint8Array, at: number, from: number, lengthBytes: number): void {
  const end = at + lengthBytes
  let written = at
  while (written < end) {
    const step = Math.min(written - from, end - written)
    bytes.copyWithin(written, from, from + step)
    written += step
  }
}
