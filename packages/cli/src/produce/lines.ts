import { type Files, KafkaError } from '@logwerk/runtime'

/** A line longer than this is no record: no broker takes it. */
const MAX_LINE_BYTES = 128 << 20
const FILE_CHUNK_BYTES = 1 << 18
const NEWLINE = 0x0a
const RETURN = 0x0d

/**
 * Takes bytes apart into lines, without their ends (`\n` or `\r\n`); what follows the last end is a line if it is not empty.
 *
 * @throws KafkaError `MESSAGE_TOO_LARGE` for a line that never ends.
 */
export async function* linesOf(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer[]> {
  let parts: Buffer[] = []
  let partsBytes = 0
  for await (const bytes of chunks) {
    const chunk = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
    const lines: Buffer[] = []
    let at = 0
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, at)) {
      const tail = chunk.subarray(at, end)
      lines.push(trimmed(parts.length === 0 ? tail : Buffer.concat([...parts, tail])))
      parts = []
      partsBytes = 0
      at = end + 1
    }
    if (at < chunk.length) {
      parts.push(chunk.subarray(at))
      partsBytes += chunk.length - at
    }
    if (lines.length > 0) yield lines
    if (partsBytes > MAX_LINE_BYTES) {
      throw new KafkaError('MESSAGE_TOO_LARGE', `a line has more than ${MAX_LINE_BYTES} bytes: a record is a line, so is this a text file?`)
    }
  }
  if (parts.length > 0) yield [trimmed(Buffer.concat(parts))]
}

function trimmed(line: Buffer): Buffer {
  return line.at(-1) === RETURN ? line.subarray(0, -1) : line
}

/** The bytes of a file. @throws StorageError */
export async function* chunksOfFile(files: Files, path: string, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const file = files.open(path, 'read')
  try {
    for (let positionBytes = 0; !signal.aborted; ) {
      const chunk = new Uint8Array(FILE_CHUNK_BYTES)
      const byteCount = await file.readLater(chunk, positionBytes)
      if (byteCount === 0) return
      positionBytes += byteCount
      yield chunk.subarray(0, byteCount)
    }
  } finally {
    file.close()
  }
}
