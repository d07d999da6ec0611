import { StorageError } from '@logwerk/runtime'

/** True if the disk refused a write for want of room: it works, and what only speeds up the next start may be left out. */
export function isOutOfRoom(error: unknown): error is StorageError {
  return error instanceof StorageError && (error.osCode === 'ENOSPC' || error.osCode === 'EDQUOT')
}
