import { execFileSync } from 'node:child_process'
import { closeSync, constants, linkSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { KafkaError } from '../errors.ts'
import type { Lock } from '../files.ts'
import { storageError } from './files.ts'
import { nodeRandom } from './random.ts'

/** Who holds a lock: enough to tell that process from another one that was given the same id later. */
interface Owner {
  readonly pid: number
  /** When the process started, in whatever form the platform tells it. */
  readonly started: string
  /** Tells two locks of one process apart. */
  readonly token: string
}

const held = new Set<string>()

/**
 * A lock file that names its owner. Node has no `flock`, so a lock counts as held while a process of that id lives *and* started when
 * the file says: a lock left by kill -9 or a power cut is taken over, also when its id now belongs to another program.
 * The file is put in place by `link`, which is atomic and fails if the name is taken.
 *
 * Processes on other machines, and in other containers, cannot be seen: do not share one data directory between them.
 */
export function takeLock(path: string): Lock {
  const mine: Owner = { pid: process.pid, started: startOf(process.pid) ?? '', token: nodeRandom.uuid() }
  const draft = `${path}.${mine.token}`
  try {
    writeFileSync(draft, `${JSON.stringify(mine)}\n`, { flag: 'wx' })
    for (;;) {
      if (placed(draft, path)) break
      const owner = ownerOf(path)
      if (owner !== null && isAlive(owner)) throw lockedBy(path, owner)
      // Move the stale file aside before looking again: two processes that find it stale cannot both remove it, and one that moved a
      // fresh lock by mistake puts it back.
      const aside = `${draft}.stale`
      try {
        renameSync(path, aside)
      } catch {
        continue
      }
      const moved = ownerOf(aside)
      if (moved !== null && moved.token !== owner?.token && isAlive(moved)) {
        placed(aside, path)
        rmSync(aside, { force: true })
        throw lockedBy(path, moved)
      }
      rmSync(aside, { force: true })
    }
  } catch (error) {
    throw error instanceof KafkaError ? error : storageError('lock', path, error)
  } finally {
    rmSync(draft, { force: true })
  }
  held.add(mine.token)
  return {
    release() {
      if (!held.delete(mine.token)) return
      if (ownerOf(path)?.token === mine.token) rmSync(path, { force: true })
    },
  }
}

/** Gives `draft` the name `path` too, unless that is taken. */
function placed(draft: string, path: string): boolean {
  try {
    linkSync(draft, path)
    return true
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EEXIST') return false
    if (code !== 'EPERM' && code !== 'ENOTSUP' && code !== 'ENOSYS' && code !== 'EOPNOTSUPP') throw error
  }
  // A file system without hard links (FAT, some network mounts): exclusive creation is the next best.
  try {
    const descriptor = openSync(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL)
    writeFileSync(descriptor, readFileSync(draft))
    closeSync(descriptor)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}

/** Null if the file is gone or says nothing sensible (a power cut can leave it empty). */
function ownerOf(path: string): Owner | null {
  try {
    const owner = JSON.parse(readFileSync(path, 'utf8')) as Partial<Owner> | null
    if (typeof owner?.pid !== 'number' || typeof owner.started !== 'string' || typeof owner.token !== 'string') return null
    return owner as Owner
  } catch {
    return null
  }
}

function isAlive(owner: Owner): boolean {
  if (owner.pid === process.pid) return held.has(owner.token)
  try {
    process.kill(owner.pid, 0)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false
  }
  const started = startOf(owner.pid)
  return started === null || owner.started === '' || started === owner.started
}

/** When the process of that id started; null where the platform does not tell or the process is gone. */
function startOf(pid: number): string | null {
  try {
    if (process.platform === 'linux') {
      // Field 22 (ticks since boot); the command name in field 2 may itself hold blanks and brackets. The boot id makes ticks unique.
      const fields = readFileSync(`/proc/${pid}/stat`, 'latin1')
      const ticks = fields.slice(fields.lastIndexOf(')') + 2).split(' ')[19]
      return `${readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim()} ${ticks}`
    }
    if (process.platform === 'win32') {
      const query = `(Get-Process -Id ${pid}).StartTime.ToFileTimeUtc()`
      return execFileSync('powershell.exe', ['-NoProfile', '-Command', query], {
        encoding: 'latin1',
        stdio: ['ignore', 'pipe', 'ignore'],
      }).trim()
    }
    return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'latin1', stdio: ['ignore', 'pipe', 'ignore'] }).trim()
  } catch {
    return null
  }
}

function lockedBy(path: string, owner: Owner): KafkaError {
  const who = owner.pid === process.pid ? 'this process already' : `process ${owner.pid}`
  return new KafkaError(
    'DIRECTORY_LOCKED',
    `${path} is held by ${who}: one data directory serves one broker; stop that one or choose another directory`,
    {
      at: { path },
    },
  )
}
