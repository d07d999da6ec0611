import { StorageError } from '@logwerk/runtime'

/** True if the disk refused a write for want of room: it works, and what only speeds up the next start may be left out. */
export function isOutOfRoom(error: unknown): error is StorageError {
  return error instanceof StorageError && (error.osCode === 'ENOSPC' || error.osCode === 'EDQUOT')
}

/** True if a file or directory could not even be opened, because too many are: nothing has failed on the disk, and a later try may work. */
export function isOutOfHandles(error: unknown): error is StorageError {
  return error instanceof StorageError && (error.osCode === 'EMFILE' || error.osCode === 'ENFILE')
}
