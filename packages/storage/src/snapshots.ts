import { type Files, readWholeFile, replaceFile } from '@logwerk/runtime'
import type { ProducerState } from './producer-state.ts'
import { segmentName } from './segment.ts'

const SUFFIX = '.snapshot'

/** Writes the producers' state up to (not including) `offset`, as `<offset>.snapshot`. */
export function writeSnapshot(files: Files, directory: string, offset: number, producers: ProducerState): void {
  replaceFile(files, `${directory}/${segmentName(offset)}${SUFFIX}`, producers.encodeSnapshot())
}

/** Offsets of the snapshots in a directory, newest first. */
export function snapshotOffsets(files: Files, directory: string): number[] {
  return files
    .list(directory)
    .filter(name => /^\d{20}\.snapshot$/.test(name))
    .map(name => Number(name.slice(0, 20)))
    .sort((a, b) => b - a)
}

/** Takes the producers' state from a snapshot, as of `nowMs` (monotonic). */
export function readSnapshot(files: Files, directory: string, offset: number, producers: ProducerState, nowMs: number): void {
  const path = `${directory}/${segmentName(offset)}${SUFFIX}`
  producers.loadSnapshot(readWholeFile(files, path), path, nowMs)
}

export function removeSnapshot(files: Files, directory: string, offset: number): void {
  files.remove(`${directory}/${segmentName(offset)}${SUFFIX}`)
}

/** Removes the snapshots older than the last at or before `offset`; newer ones serve a start after a crash faster. */
export function removeSnapshots(files: Files, directory: string, offset: number): void {
  const offsets = snapshotOffsets(files, directory)
  const kept = offsets.find(at => at <= offset) ?? 0
  for (const older of offsets) if (older < kept) removeSnapshot(files, directory, older)
}
