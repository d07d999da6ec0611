import { closeSync, constants, linkSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { KafkaError } from '../errors.ts'
import type { Lock } from '../files.ts'
import { storageError } from './files.ts'
import { isZombie, processStart } from './process-start.ts'
import { nodeRandom } from './random.ts'

/** Who holds a lock: enough to tell that process from another one that was given the same id later. */
interface Owner {
  readonly pid: number
  /** See {@link processStart}; empty where the platform does not tell. */
  readonly started: string
  /** Tells two locks of one process apart. */
  readonly token: string
}

/** What a lock file says: its owner, nothing sensible (a power cut can leave that), or that there is none. */
type Content = Owner | 'unreadable' | 'missing'

/** Tokens of this process's locks, for where the start of a process is not told. */
const held = new Set<string>()

/**
 * A lock file that names its owner. Node has no `flock`, so a lock counts as held while a process of that id lives *and* started when
 * the file says: a lock left by kill -9 or a power cut is taken over, also when its id now belongs to another program.
 *
 * Processes on other machines, and in other containers, cannot be seen: do not share one data directory between them.
 */
export function takeLock(path: string): Lock {
  const mine: Owner = { pid: process.pid, started: processStart(process.pid) ?? '', token: nodeRandom.uuid() }
  const draft = `${path}.${mine.token}.new`
  try {
    writeFileSync(draft, `${JSON.stringify(mine)}\n`, { flag: 'wx' })
    try {
      acquire(path, path, draft)
    } finally {
      rmSync(draft, { force: true })
    }
  } catch (error) {
    throw error instanceof KafkaError ? error : storageError('lock', path, error)
  }
  held.add(mine.token)
  return {
    release() {
      if (!held.delete(mine.token)) return
      if (!isStill(path, mine)) return
      try {
        rmSync(path, { force: true })
      } catch (error) {
        throw storageError('release the lock', path, error)
      }
    },
  }
}

/**
 * Gives `draft` the name `name`, taking over what a dead process left there. Putting a name in place is atomic and fails if it is taken.
 * Replacing a stale file is not: between the look at it and the act it may have become somebody's fresh lock. So whoever wants to replace
 * the lock of a dead owner takes, in the same way, the lock on being that owner's heir, and looks again: only the heir may replace the
 * file, and does so by renaming the one name to the other. An heir that dies half-way has an heir of its own.
 */
function acquire(path: string, name: string, draft: string): void {
  while (!placed(draft, name)) {
    const owner = settledContentOf(name)
    if (owner === 'missing') continue
    if (owner !== 'unreadable' && isAlive(owner)) throw lockedBy(path, owner)
    const heir = owner === 'unreadable' ? `${name}.unreadable.next` : `${path}.${owner.token}.next`
    acquire(path, heir, draft)
    if (replaced(name, owner, heir)) return
  }
}

/** Puts the file `heir` in the place of what `stale` left at `name`; false, and the heir is gone, if something else is there by now. */
function replaced(name: string, stale: Content, heir: string): boolean {
  try {
    if (isSame(contentOf(name), stale)) {
      renameSync(heir, name)
      return true
    }
  } catch (error) {
    rmSync(heir, { force: true })
    throw error
  }
  rmSync(heir, { force: true })
  return false
}

/** Gives `draft` the name `name` too, unless that is taken. */
function placed(draft: string, name: string): boolean {
  try {
    linkSync(draft, name)
    return true
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EEXIST') return false
    if (!lacksLinks(code)) throw error
  }
  try {
    const descriptor = openSync(name, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL)
    try {
      writeFileSync(descriptor, readFileSync(draft))
    } finally {
      closeSync(descriptor)
    }
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}

/** A file system without hard links (FAT, some network mounts): exclusive creation is the next best. */
function lacksLinks(code: string | undefined): boolean {
  return code === 'EPERM' || code === 'ENOTSUP' || code === 'ENOSYS' || code === 'EOPNOTSUPP'
}

/** Longer than it takes to fill a file that has just been created. */
const SETTLE_MS = 100

function settledContentOf(name: string): Content {
  const content = contentOf(name)
  if (content !== 'unreadable') return content
  // Without hard links there is a moment in which a lock file has a name and no content yet.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, SETTLE_MS)
  return contentOf(name)
}

function contentOf(name: string): Content {
  let text: string
  try {
    text = readFileSync(name, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 'missing'
    throw error
  }
  try {
    const { pid, started, token } = JSON.parse(text) as Readonly<Record<string, unknown>>
    // The id is asked about and the token becomes part of a file's name: neither may be anything else.
    if (!Number.isSafeInteger(pid) || (pid as number) < 1 || typeof started !== 'string') return 'unreadable'
    return typeof token === 'string' && /^[\w-]{1,64}$/.test(token) ? { pid: pid as number, started, token } : 'unreadable'
  } catch {
    return 'unreadable'
  }
}

/** False also where something else is there by now, a directory even, that does not say whose it is. */
function isStill(path: string, owner: Owner): boolean {
  try {
    return isSame(contentOf(path), owner)
  } catch {
    return false
  }
}

function isSame(now: Content, before: Content): boolean {
  return typeof now === 'object' && typeof before === 'object' ? now.token === before.token : now === before
}

function isAlive(owner: Owner): boolean {
  if (owner.pid === process.pid) {
    // Another thread, or another copy of this package, holds locks that this set does not have; they share the start.
    return held.has(owner.token) || (owner.started !== '' && owner.started === processStart(owner.pid))
  }
  try {
    process.kill(owner.pid, 0)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false
  }
  if (isZombie(owner.pid)) return false
  const started = processStart(owner.pid)
  return started === null || owner.started === '' || started === owner.started
}

function lockedBy(path: string, owner: Owner): KafkaError {
  const who = owner.pid === process.pid ? 'this process already' : `process ${owner.pid}`
  return new KafkaError(
    'DIRECTORY_LOCKED',
    `${path} is held by ${who}: one data directory serves one broker; stop that one or choose another directory`,
    { at: { path } },
  )
}
