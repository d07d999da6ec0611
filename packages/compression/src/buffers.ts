/** The same bytes as a Buffer, which copies and reads numbers faster. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
}

/** The first `lengthBytes` of `buffer`; a copy if a view would keep much unused memory alive. */
export function firstBytes(buffer: Buffer, lengthBytes: number): Buffer {
  const used = buffer.subarray(0, lengthBytes)
  return lengthBytes < buffer.length * 0.75 ? Buffer.from(used) : used
}
