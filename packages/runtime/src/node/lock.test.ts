import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { KafkaError } from '../errors.ts'
import { takeLock } from './lock.ts'
import { isZombie, processStart } from './process-start.ts'

const ROUNDS = Math.ceil(Number(process.env['LOGWERK_SEEDS'] ?? 50) * 0.6)

let root = ''
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'logwerk-lock-'))
})
afterEach(() => rmSync(root, { recursive: true }))

const lockFile = () => join(root, '.lock')
const ownerIn = (path: string) => JSON.parse(readFileSync(path, 'utf8')) as { pid: number; started: string; token: string }
const leave = (content: object | string) => writeFileSync(lockFile(), typeof content === 'string' ? content : JSON.stringify(content))

function refusalOf(action: () => unknown): KafkaError {
  try {
    action()
  } catch (error) {
    if (error instanceof KafkaError) return error
    throw error
  }
  throw new Error('the lock was taken')
}

/** The id of a process that is gone. */
function deadPid(): number {
  return spawnSync(process.execPath, ['-e', ''], { stdio: 'ignore' }).pid
}

describe('in one process', () => {
  test('a lock is taken once, and is free after its release', () => {
    const lock = takeLock(lockFile())
    const refusal = refusalOf(() => takeLock(lockFile()))
    expect(refusal).toMatchObject({ code: 'DIRECTORY_LOCKED', at: { path: lockFile() } })
    expect(refusal.message).toBe(
      `${lockFile()} is held by this process already: one data directory serves one broker; stop that one or choose another directory`,
    )
    lock.release()
    const second = takeLock(lockFile())
    // A second release of the first lock leaves the second one alone.
    lock.release()
    expect(refusalOf(() => takeLock(lockFile())).code).toBe('DIRECTORY_LOCKED')
    second.release()
    expect(readdirSync(root)).toEqual([])
  })

  test('holds nothing but the one file, which names this process', () => {
    const lock = takeLock(lockFile())
    expect(readdirSync(root)).toEqual(['.lock'])
    expect(ownerIn(lockFile()).pid).toBe(process.pid)
    lock.release()
  })

  test('holds against another copy of this package too', async () => {
    const lock = takeLock(lockFile())
    vi.resetModules()
    const copy = await import('./lock.ts')
    expect(copy.takeLock).not.toBe(takeLock)
    expect(refusalOf(() => copy.takeLock(lockFile())).message).toContain('held by this process already')
    lock.release()
    copy.takeLock(lockFile()).release()
  })

  test('a release leaves the lock of somebody else alone', () => {
    const lock = takeLock(lockFile())
    leave({ pid: process.ppid, started: processStart(process.ppid), token: 'other' })
    lock.release()
    expect(ownerIn(lockFile()).token).toBe('other')
    const second = takeLock(join(root, 'b'))
    rmSync(join(root, 'b'))
    mkdirSync(join(root, 'b'))
    second.release()
    expect(readdirSync(root)).toEqual(['.lock', 'b'])
    expect(refusalOf(() => takeLock(join(root, 'b')))).toMatchObject({ code: 'STORAGE_ERROR', osCode: 'EISDIR' })
  })

  test('where there is no directory, that is the error', () => {
    writeFileSync(join(root, 'file'), '')
    expect(refusalOf(() => takeLock(join(root, 'file/.lock')))).toMatchObject({ code: 'STORAGE_ERROR', osCode: 'ENOTDIR' })
    const refusal = refusalOf(() => takeLock(join(root, 'none/.lock')))
    expect(refusal).toMatchObject({ code: 'STORAGE_ERROR', osCode: 'ENOENT' })
    expect(refusal.message).toContain(`cannot lock ${join(root, 'none/.lock')}`)
  })
})

describe('a lock file that was left', () => {
  const takesOver = () => {
    const lock = takeLock(lockFile())
    expect(ownerIn(lockFile()).pid).toBe(process.pid)
    expect(readdirSync(root)).toEqual(['.lock'])
    lock.release()
    expect(readdirSync(root)).toEqual([])
  }

  test('by a process that is gone is taken over', () => {
    leave({ pid: deadPid(), started: 'boot 1', token: 'gone' })
    takesOver()
  })

  test('by a process whose id another program has now is taken over', () => {
    leave({ pid: process.ppid, started: 'before the last power cut', token: 'old' })
    takesOver()
    // In a container the first process always has the same id.
    leave({ pid: process.pid, started: 'before the last power cut', token: 'old' })
    takesOver()
  })

  test('by a process that lives is held by it, and the error names it', () => {
    leave({ pid: process.ppid, started: processStart(process.ppid), token: 'parent' })
    expect(refusalOf(() => takeLock(lockFile())).message).toContain(`${lockFile()} is held by process ${process.ppid}: `)
    expect(readdirSync(root)).toEqual(['.lock'])
  })

  test('by a process that could not tell its start counts as held while the id is in use', () => {
    leave({ pid: process.ppid, started: '', token: 'parent' })
    expect(refusalOf(() => takeLock(lockFile())).code).toBe('DIRECTORY_LOCKED')
  })

  test.runIf(process.platform !== 'win32')('by a process that was killed and whose parent takes no note of it is taken over', async () => {
    // The shell becomes a program that knows nothing of the child it had.
    const parent = spawn('sh', ['-c', 'sleep 600 & echo $!; exec sleep 600'], { stdio: ['ignore', 'pipe', 'inherit'] })
    const [line] = await once(createInterface({ input: parent.stdout }), 'line')
    const pid = Number(line)
    leave({ pid, started: processStart(pid), token: 'zombie' })
    expect(refusalOf(() => takeLock(lockFile())).message).toContain(`is held by process ${pid}`)
    process.kill(pid, 'SIGKILL')
    while (!isZombie(pid)) await new Promise<void>(resolve => setImmediate(resolve))
    expect(() => process.kill(pid, 0)).not.toThrow()
    takesOver()
    parent.kill('SIGKILL')
  })

  test.each([
    [''],
    ['\0\0\0\0\0\0\0\0'],
    ['{"pid":12'],
    ['null'],
    ['{"pid":"1","started":"","token":"t"}'],
    ['{"pid":0,"started":"","token":"t"}'],
    ['{"pid":1,"started":"","token":"../../t"}'],
    ['{"pid":1,"started":5,"token":"t"}'],
  ])('by a power cut with nothing sensible in it is taken over: %j', content => {
    leave(content)
    takesOver()
  })

  test('by one who died while taking over is taken over with all that belongs to it', () => {
    const gone = (token: string) => JSON.stringify({ pid: deadPid(), started: 'boot 1', token })
    leave(gone('first'))
    writeFileSync(`${lockFile()}.first.next`, gone('second'))
    writeFileSync(`${lockFile()}.second.next`, gone('third'))
    takesOver()
  })

  test('by a power cut in the middle of such a takeover, with nothing sensible in any file, is taken over', () => {
    leave('')
    writeFileSync(`${lockFile()}.unreadable.next`, '')
    takesOver()
  })

  test('is not taken over while another one does just that', () => {
    leave({ pid: deadPid(), started: 'boot 1', token: 'first' })
    writeFileSync(`${lockFile()}.first.next`, JSON.stringify({ pid: process.ppid, started: processStart(process.ppid), token: 'heir' }))
    expect(refusalOf(() => takeLock(lockFile())).message).toContain(`is held by process ${process.ppid}`)
  })
})

test('the start of a process stays the same, tells processes apart, and ends with it', () => {
  expect(processStart(process.pid)).not.toBeNull()
  expect(processStart(process.pid)).toBe(processStart(process.pid))
  expect(processStart(process.ppid)).not.toBe(processStart(process.pid))
  expect(processStart(deadPid()) || null).toBeNull()
  expect([process.pid, process.ppid, deadPid()].map(isZombie)).toEqual([false, false, false])
})

describe('between processes', () => {
  let program = ''
  beforeAll(() => {
    // Other processes need JavaScript.
    program = mkdtempSync(join(tmpdir(), 'logwerk-lock-program-'))
    const typescript = dirname(createRequire(import.meta.url).resolve('typescript/package.json'))
    const source = join(dirname(fileURLToPath(import.meta.url)), 'lock.ts')
    const options = ['--ignoreConfig', '--noCheck', '--module', 'nodenext', '--target', 'es2023', '--rewriteRelativeImportExtensions']
    execFileSync(process.execPath, [join(typescript, 'bin/tsc'), source, ...options, '--outDir', program], { stdio: 'inherit' })
    writeFileSync(join(program, 'package.json'), '{ "type": "module" }')
    writeFileSync(join(program, 'contender.js'), CONTENDER)
  })
  afterAll(() => rmSync(program, { recursive: true }))

  /** Another process that takes and releases locks when it is told to. */
  class Contender {
    readonly #child: ChildProcess
    readonly #answers: AsyncIterator<string>

    constructor() {
      this.#child = spawn(process.execPath, [join(program, 'contender.js')], { stdio: ['pipe', 'pipe', 'inherit'] })
      this.#answers = createInterface({ input: this.#child.stdout! })[Symbol.asyncIterator]()
    }

    get pid(): number {
      return this.#child.pid!
    }

    /** Tries at that time, to the millisecond; resolves to "taken" or the error. */
    take(path: string, atMs = 0): Promise<string> {
      return this.#ask({ take: path, atMs })
    }

    release(): Promise<string> {
      return this.#ask({})
    }

    end(signal: NodeJS.Signals): Promise<void> {
      return new Promise(resolve => {
        this.#child.once('exit', () => resolve())
        this.#child.kill(signal)
      })
    }

    async #ask(question: object): Promise<string> {
      this.#child.stdin!.write(`${JSON.stringify(question)}\n`)
      return (await this.#answers.next()).value
    }
  }

  test('a lock is held by the one that has it, until it releases it', async () => {
    const other = new Contender()
    expect(await other.take(lockFile())).toBe('taken')
    const refusal = refusalOf(() => takeLock(lockFile()))
    expect(refusal.code).toBe('DIRECTORY_LOCKED')
    expect(refusal.message).toContain(`is held by process ${other.pid}: one data directory serves one broker; stop that one or`)
    await other.release()
    const mine = takeLock(lockFile())
    expect(await other.take(lockFile())).toContain(`DIRECTORY_LOCKED ${lockFile()} is held by process ${process.pid}`)
    mine.release()
    await other.end('SIGTERM')
  })

  test('a lock whose holder was killed is taken over', async () => {
    const other = new Contender()
    expect(await other.take(lockFile())).toBe('taken')
    await other.end('SIGKILL')
    expect(ownerIn(lockFile()).pid).toBe(other.pid)
    takeLock(lockFile()).release()
    expect(readdirSync(root)).toEqual([])
  })

  test('of those who come at the same moment exactly one wins, with a stale file in their way too', async () => {
    const contenders = [new Contender(), new Contender(), new Contender()]
    const stale = { pid: deadPid(), started: 'boot 1', token: 'gone' }
    for (let round = 0; round < ROUNDS; round++) {
      if (round % 20 === 9) leave('')
      else if (round % 3 > 0) leave({ ...stale, token: `gone-${round}` })
      if (round % 3 === 2 && round % 20 !== 9) writeFileSync(`${lockFile()}.gone-${round}.next`, JSON.stringify(stale))
      const atMs = Date.now() + 3
      const answers = await Promise.all(contenders.map(contender => contender.take(lockFile(), atMs)))
      expect(answers.filter(answer => answer === 'taken')).toHaveLength(1)
      expect(answers.filter(answer => answer.startsWith('DIRECTORY_LOCKED'))).toHaveLength(2)
      const winner = contenders[answers.indexOf('taken')]!
      expect(ownerIn(lockFile()).pid).toBe(winner.pid)
      await winner.release()
      expect(readdirSync(root)).toEqual([])
    }
    await Promise.all(contenders.map(contender => contender.end('SIGTERM')))
  })
})

const CONTENDER = `
import { createInterface } from 'node:readline'
import { takeLock } from './node/lock.js'

let lock
for await (const line of createInterface({ input: process.stdin })) {
  const { take, atMs } = JSON.parse(line)
  let answer = 'taken'
  try {
    while (Date.now() < atMs);
    if (take === undefined) lock.release()
    else lock = takeLock(take)
  } catch (error) {
    answer = error.code + ' ' + error.message
  }
  process.stdout.write(answer + '\\n')
}
`
