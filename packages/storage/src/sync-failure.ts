import type { Files } from '@logwerk/runtime'

const SYNC_FAILURE_FILE = 'sync-failed'

/**
 * Leaves a note that a sync of the log in `directory` has failed. The system then takes its copy of the bytes for what the disk holds:
 * the next process reads them, its own syncs succeed without them, and a power cut would tear a hole below what it has acknowledged.
 * The note lives where that copy lives, so it need not outlive a power cut.
 */
export function noteSyncFailure(files: Files, directory: string): void {
  try {
    files.open(`${directory}/${SYNC_FAILURE_FILE}`, 'write').close()
  } catch {
    // A disk that takes nothing at all any more: the next start cannot append to it either. And whatever it is, what failed first counts.
  }
}

export function hasSyncFailed(files: Files, directory: string): boolean {
  return files.info(`${directory}/${SYNC_FAILURE_FILE}`) !== null
}

/** Everything has been written once more, and synced. */
export function forgetSyncFailure(files: Files, directory: string): void {
  files.remove(`${directory}/${SYNC_FAILURE_FILE}`)
}
