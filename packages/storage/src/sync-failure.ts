import { type Files, StorageError } from '@logwerk/runtime'

const SYNC_FAILURE_FILE = 'sync-failed'

/**
 * Leaves a note that a sync of the log in `directory` has failed. The system then takes its copy of the bytes for what the disk holds:
 * the next process reads them, its own syncs succeed without them, and a power cut would tear a hole below what it has acknowledged.
 * The note lives where that copy lives, so it need not outlive a power cut.
 */
export function noteSyncFailure(files: Files, directory: string): void {
  try {
    files.open(`${directory}/${SYNC_FAILURE_FILE}`, 'write').close()
  } catch (error) {
    // A disk that takes nothing at all any more: then the next start has nothing to append to either.
    if (!(error instanceof StorageError)) throw error
  }
}

export function hasSyncFailed(files: Files, directory: string): boolean {
  return files.info(`${directory}/${SYNC_FAILURE_FILE}`) !== null
}

/** Everything has been written once more, and synced. */
export function forgetSyncFailure(files: Files, directory: string): void {
  files.remove(`${directory}/${SYNC_FAILURE_FILE}`)
}
