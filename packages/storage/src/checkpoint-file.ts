import { type Files, readWholeFile, replaceFile } from '@logwerk/runtime'

const VERSION = '0'

/**
 * Kafka's text checkpoint: a line with the version, one with the number of entries, then one entry a line, fields apart by a blank.
 * Source: Kafka's `CheckpointFile`.
 */
export function formatCheckpoint(entries: readonly (readonly (string | number)[])[]): Buffer {
  return Buffer.from(`${[VERSION, entries.length, ...entries.map(fields => fields.join(' '))].join('\n')}\n`, 'utf8')
}

/** The fields of each entry; null if the text is not a whole checkpoint (a power cut can leave it empty or cut short). */
export function parseCheckpoint(text: string, fieldCount: number): string[][] | null {
  const lines = text.split('\n')
  if (lines[0] !== VERSION || !/^\d+$/.test(lines[1] ?? '')) return null
  const count = Number(lines[1])
  // The last newline is part of the format: without it the last entry may be cut short.
  if (lines.length !== count + 3 || lines[count + 2] !== '') return null
  const entries = lines.slice(2, count + 2).map(line => line.split(' '))
  return entries.every(fields => fields.length === fieldCount && fields.every(field => field !== '')) ? entries : null
}

export function writeCheckpoint(files: Files, path: string, entries: readonly (readonly (string | number)[])[]): void {
  replaceFile(files, path, formatCheckpoint(entries))
}

/** The entries at `path`, or null if there is no readable checkpoint. */
export function readCheckpoint(files: Files, path: string, fieldCount: number): string[][] | null {
  if (files.info(path) === null) return null
  return parseCheckpoint(Buffer.from(readWholeFile(files, path)).toString('utf8'), fieldCount)
}

/** A whole, non-negative number of a checkpoint; null if the field is none. */
export function checkpointNumber(field: string | undefined): number | null {
  if (field === undefined || !/^\d+$/.test(field)) return null
  const value = Number(field)
  return Number.isSafeInteger(value) ? value : null
}
