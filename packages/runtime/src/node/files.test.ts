import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { StorageError } from '../errors.ts'
import { writeFully } from '../files.ts'
import { nodeFiles, storageError } from './files.ts'

// What all files do is compared with the simulated disk in simulated/files-twin.test.ts; here is what only the real ones can show.

let root = ''
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'logwerk-files-'))
})
afterEach(() => rmSync(root, { recursive: true }))

const at = (name: string) => `${root}/${name}`
const bytes = (length: number) => Uint8Array.from({ length }, (_, index) => index % 251)

async function failureOf(action: () => unknown): Promise<StorageError> {
  try {
    await action()
  } catch (error) {
    if (error instanceof StorageError) return error
    throw error
  }
  throw new Error('nothing was thrown')
}

/** How often this process has a file open; where the system does not tell, never. */
function openCount(path: string): number {
  if (!existsSync('/proc/self/fd')) return 0
  return readdirSync('/proc/self/fd').filter(name => {
    try {
      return readlinkSync(`/proc/self/fd/${name}`) === path
    } catch {
      return false
    }
  }).length
}

describe('an open file', () => {
  test('write mode keeps what is there, create mode wants nothing there, read mode makes nothing', async () => {
    writeFileSync(at('a'), 'old')
    nodeFiles.open(at('a'), 'write').close()
    expect(readFileSync(at('a'), 'utf8')).toBe('old')
    expect(await failureOf(() => nodeFiles.open(at('a'), 'create'))).toMatchObject({ osCode: 'EEXIST' })
    expect(await failureOf(() => nodeFiles.open(at('b'), 'read'))).toMatchObject({ osCode: 'ENOENT' })
    expect(nodeFiles.list(root)).toEqual(['a'])
  })

  test('is readable by others and writable by its owner only', () => {
    nodeFiles.open(at('a'), 'create').close()
    const writableByOthers = statSync(at('a')).mode & 0o022
    expect(writableByOthers).toBe(0)
  })

  test('reads until the buffer is full or the file ends, in place and later', async () => {
    const file = nodeFiles.open(at('a'), 'create')
    file.writev([bytes(100)], 0)
    for (const read of [file.read.bind(file), file.readLater.bind(file)]) {
      const into = new Uint8Array(60)
      expect(await read(into, 0)).toBe(60)
      expect(into).toEqual(bytes(100).subarray(0, 60))
      expect(await read(into, 70)).toBe(30)
      expect(into.subarray(0, 30)).toEqual(bytes(100).subarray(70))
      expect(await read(into, 100)).toBe(0)
      expect(await read(into, 5000)).toBe(0)
      expect(await read(new Uint8Array(0), 0)).toBe(0)
    }
    file.close()
  })

  test('takes more chunks than the system does at once, a part at a time', () => {
    const file = nodeFiles.open(at('a'), 'create')
    const chunks = Array.from({ length: 3000 }, (_, index) => Uint8Array.of(index & 0xff, index >> 8))
    expect(file.writev(chunks, 0)).toBe(2048)
    writeFully(file, chunks, 0)
    file.close()
    expect(readFileSync(at('a')).equals(Buffer.concat(chunks))).toBe(true)
  })

  test('writes beyond its end leave zeros, and truncate cuts and extends', () => {
    const file = nodeFiles.open(at('a'), 'create')
    expect(file.writev([Uint8Array.of(1, 2), Uint8Array.of(3)], 4)).toBe(3)
    expect(file.sizeBytes()).toBe(7)
    file.truncate(5)
    file.truncate(6)
    file.close()
    expect([...readFileSync(at('a'))]).toEqual([0, 0, 0, 0, 1, 0])
  })

  test('a position that is none is refused, and nothing is written anywhere', async () => {
    const file = nodeFiles.open(at('a'), 'create')
    file.writev([bytes(5)], 0)
    for (const position of [-1, -5, 0.5, Number.NaN, 2 ** 53]) {
      expect(await failureOf(() => file.writev([bytes(1)], position))).toMatchObject({ osCode: 'EINVAL' })
      expect(await failureOf(() => file.read(new Uint8Array(1), position))).toMatchObject({ osCode: 'EINVAL' })
      expect(await failureOf(() => file.readLater(new Uint8Array(1), position))).toMatchObject({ osCode: 'EINVAL' })
      expect(await failureOf(() => file.truncate(position))).toMatchObject({ osCode: 'EINVAL' })
    }
    expect(file.sizeBytes()).toBe(5)
    file.close()
  })
})

describe('close', () => {
  test('gives the descriptor back, once', () => {
    const file = nodeFiles.open(at('a'), 'create')
    const whileOpen = openCount(at('a'))
    file.close()
    file.close()
    expect([whileOpen, openCount(at('a'))]).toEqual([existsSync('/proc/self/fd') ? 1 : 0, 0])
  })

  test('waits for the syncs and reads under way, and they end well', async () => {
    const file = nodeFiles.open(at('a'), 'create')
    file.writev([bytes(100_000)], 0)
    const into = new Uint8Array(100_000)
    const pending = [file.datasync(), file.readLater(into, 0), file.datasync()]
    file.close()
    expect(await Promise.all(pending)).toEqual([undefined, 100_000, undefined])
    expect(into).toEqual(bytes(100_000))
    expect(openCount(at('a'))).toBe(0)
  })

  test('refuses everything afterwards, also while a sync is under way, and never touches the file that has its number now', async () => {
    const closed = nodeFiles.open(at('a'), 'create')
    closed.close()
    const other = nodeFiles.open(at('b'), 'create')
    other.writev([bytes(5)], 0)
    const pending = nodeFiles.open(at('c'), 'create')
    const sync = pending.datasync()
    pending.close()
    for (const file of [closed, pending]) {
      for (const use of [
        () => file.writev([Uint8Array.of(9)], 0),
        () => file.read(new Uint8Array(1), 0),
        () => file.readLater(new Uint8Array(1), 0),
        () => file.truncate(0),
        () => file.sizeBytes(),
        () => file.datasync(),
        () => file.datasyncNow(),
      ]) {
        const failure = await failureOf(use)
        expect(failure.osCode).toBe('EBADF')
        expect(failure.message).toContain(`${file.path}: it is closed`)
      }
    }
    await sync
    other.close()
    expect([...readFileSync(at('b'))]).toEqual([...bytes(5)])
  })
})

describe('directories', () => {
  test('are made with their parents, listed in order, and told from files', () => {
    nodeFiles.makeDirectory(at('d/e'))
    nodeFiles.makeDirectory(at('d/e'))
    for (const name of ['b', 'a', 'Z', 'é', '10', '9']) writeFileSync(at(`d/${name}`), name)
    expect(nodeFiles.list(at('d'))).toEqual(['10', '9', 'Z', 'a', 'b', 'e', 'é'])
    expect(nodeFiles.info(at('d/e'))).toMatchObject({ kind: 'directory' })
    expect(nodeFiles.info(at('d/10'))).toEqual({ kind: 'file', sizeBytes: 2, modifiedMs: statSync(at('d/10')).mtimeMs })
    expect(nodeFiles.info(at('d/none'))).toBeNull()
  })

  test('are synced, removed with all they hold, and nobody minds if they are missing', async () => {
    mkdirSync(at('d/e/f'), { recursive: true })
    writeFileSync(at('d/e/f/a'), 'a')
    await nodeFiles.syncDirectory(at('d'))
    nodeFiles.syncDirectoryNow(at('d'))
    await nodeFiles.removeTree(at('d'))
    await nodeFiles.removeTree(at('d'))
    nodeFiles.remove(at('d'))
    expect(nodeFiles.list(root)).toEqual([])
  })

  test('give no descriptor away when they are synced, in failures neither', async () => {
    await nodeFiles.syncDirectory(root)
    nodeFiles.syncDirectoryNow(root)
    await failureOf(() => nodeFiles.syncDirectory(at('none')))
    expect(openCount(root)).toBe(0)
  })
})

describe('errors', () => {
  // Chosen so that root gets them too.
  const cases: [string, () => unknown, string, string][] = [
    [
      'a missing file',
      () => nodeFiles.open(at('none'), 'read'),
      'ENOENT',
      'cannot open ROOT/none: it, or a directory on the way to it, does not exist (ENOENT)',
    ],
    [
      'a missing directory on the way',
      () => nodeFiles.open(at('none/a'), 'write'),
      'ENOENT',
      'cannot open ROOT/none/a: it, or a directory',
    ],
    ['a file that is there', () => nodeFiles.open(at('a'), 'create'), 'EEXIST', 'cannot open ROOT/a: it exists already (EEXIST)'],
    ['a file on the way', () => nodeFiles.open(at('a/b'), 'write'), 'ENOTDIR', 'a part of the path is not a directory (ENOTDIR)'],
    ['a directory opened', () => nodeFiles.open(at('d'), 'write'), 'EISDIR', 'cannot open ROOT/d: it is a directory (EISDIR)'],
    ['a directory removed as a file', () => nodeFiles.remove(at('d')), 'EISDIR', 'cannot remove ROOT/d: it is a directory (EISDIR)'],
    ['a list of a file', () => nodeFiles.list(at('a')), 'ENOTDIR', 'cannot list ROOT/a: a part of the path is not a directory'],
    ['a list of nothing', () => nodeFiles.list(at('none')), 'ENOENT', 'cannot list ROOT/none: it, or'],
    ['a directory made over a file', () => nodeFiles.makeDirectory(at('a')), 'EEXIST', 'cannot create the directory ROOT/a: it exists'],
    ['a directory made below a file', () => nodeFiles.makeDirectory(at('a/b')), 'ENOTDIR', 'cannot create the directory ROOT/a/b: a part'],
    [
      'a rename of nothing',
      () => nodeFiles.rename(at('none'), at('b')),
      'ENOENT',
      'cannot rename ROOT/none to ROOT/b: it, or a directory on the way to it, does not exist (ENOENT)',
    ],
    ['a rename over a full directory', () => nodeFiles.rename(at('d'), at('full')), 'ENOTEMPTY', 'the directory is not empty (ENOTEMPTY)'],
    ['a file renamed over a directory', () => nodeFiles.rename(at('a'), at('d')), 'EISDIR', 'it is a directory (EISDIR)'],
    ['a directory moved into itself', () => nodeFiles.rename(at('d'), at('d/e')), 'EINVAL', 'does not allow it (EINVAL)'],
    ['a sync of nothing', () => nodeFiles.syncDirectory(at('none')), 'ENOENT', 'cannot open ROOT/none'],
    ['a sync of nothing, now', () => nodeFiles.syncDirectoryNow(at('none')), 'ENOENT', 'cannot open ROOT/none'],
    ['a tree below a file', () => nodeFiles.removeTree(at('a/b')), 'ENOTDIR', 'cannot remove ROOT/a/b: a part of the path'],
    ['a name that is too long', () => nodeFiles.open(at('x'.repeat(300)), 'write'), 'ENAMETOOLONG', 'the path is too long (ENAMETOOLONG)'],
    ['a write where only reading was asked for', () => nodeFiles.open(at('a'), 'read').writev([bytes(1)], 0), 'EBADF', 'for reading only'],
    ['a file cut where only reading was asked for', () => nodeFiles.open(at('a'), 'read').truncate(0), 'EINVAL', 'cannot truncate ROOT/a'],
    ['a directory read', () => nodeFiles.open(root, 'read').read(new Uint8Array(1), 0), 'EISDIR', 'cannot read ROOT: it is a directory'],
    ['a directory read later', () => nodeFiles.open(root, 'read').readLater(new Uint8Array(1), 0), 'EISDIR', 'cannot read ROOT: it is'],
  ]
  // A disk that is always full.
  if (existsSync('/dev/full')) {
    cases.push([
      'a full disk',
      () => nodeFiles.open('/dev/full', 'write').writev([bytes(1)], 0),
      'ENOSPC',
      'cannot write to /dev/full: the disk is full; free some room and try again (ENOSPC)',
    ])
  }

  // A directory that the system keeps for itself.
  if (existsSync('/proc/self')) {
    cases.push([
      'a directory that cannot be made, in one that is there',
      () => nodeFiles.makeDirectory('/proc/logwerk/data'),
      'ENOENT',
      'cannot create the directory /proc/logwerk/data: it, or a directory on the way to it, does not exist (ENOENT)',
    ])
  }

  test.each(cases)('%s', async (_, action, osCode, message) => {
    writeFileSync(at('a'), 'a')
    mkdirSync(at('d'))
    mkdirSync(at('full/of'), { recursive: true })
    const failure = await failureOf(action)
    expect(failure).toMatchObject({ code: 'STORAGE_ERROR', osCode, retriable: false })
    expect(failure.message).toContain(message.replaceAll('ROOT', root))
    expect(failure.at.path).toBeDefined()
  })

  test('keep what Node said as their cause, and its words where there are no better ones', () => {
    const cause = Object.assign(new Error('ELOOP: too many symbolic links'), { code: 'ELOOP' })
    const error = storageError('open', '/a', cause)
    expect(error.message).toBe('cannot open /a: ELOOP: too many symbolic links (ELOOP)')
    expect(error).toMatchObject({ osCode: 'ELOOP', at: { path: '/a' }, cause })
    expect(storageError('open', '/a', new Error('odd'))).toMatchObject({ osCode: 'UNKNOWN', message: 'cannot open /a: odd (UNKNOWN)' })
    expect(storageError('lock', '/b', error)).toBe(error)
  })
})
