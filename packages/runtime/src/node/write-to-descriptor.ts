import { writeSync } from 'node:fs'

/**
 * Writes all of `bytes` to a file that is open, such as standard output, where it stands: goes on after short writes.
 *
 * @throws What Node throws (`ENOSPC`, ...); an `EIO` also where the system goes on writing nothing.
 */
export function writeToDescriptor(descriptor: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; ) {
    const byteCount = writeSync(descriptor, bytes, at)
    if (byteCount === 0) throw Object.assign(new Error('EIO: the system takes no bytes and gives no reason, write'), { code: 'EIO' })
    at += byteCount
  }
}
