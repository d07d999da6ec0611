/**
 * Node's buffers carry direct UTF-8 methods that skip the argument handling of `write` and `toString` (30 to 60 ns a call) and that
 * its type definitions leave out.
 */
interface DirectUtf8 {
  utf8Write?(text: string, offset: number): number
  utf8Slice?(start: number, end: number): string
}

const direct = Buffer.prototype as unknown as DirectUtf8

/** Writes `text` at `offset` and returns the bytes written; the room has to be there. */
export const writeUtf8At: (buffer: Buffer, text: string, offset: number) => number =
  direct.utf8Write === undefined
    ? (buffer, text, offset) => buffer.write(text, offset, 'utf8')
    : (buffer, text, offset) => (buffer as unknown as Required<DirectUtf8>).utf8Write(text, offset)

/** The text of the bytes [start, end). */
export const readUtf8At: (buffer: Buffer, start: number, end: number) => string =
  direct.utf8Slice === undefined
    ? (buffer, start, end) => buffer.toString('utf8', start, end)
    : (buffer, start, end) => (buffer as unknown as Required<DirectUtf8>).utf8Slice(start, end)
