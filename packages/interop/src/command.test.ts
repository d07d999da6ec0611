import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFile, mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterEach, beforeEach, expect, test } from 'vitest'

// The `logwerk` command as a process: what only a process has.
const BIN = join(import.meta.dirname, '../../logwerk/bin.js')

let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'logwerk-command-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

test('where its parts are missing, as in a clone that is not built, it says how to make them', async () => {
  await copyFile(BIN, join(folder, 'bin.js'))
  await writeFile(join(folder, 'package.json'), '{"type":"module"}')
  const [error, stderr] = await new Promise<[unknown, string]>(done => {
    execFile(process.execPath, [join(folder, 'bin.js')], (failure, _, text) => done([failure, text]))
  })
  expect(error).toMatchObject({ code: 1 })
  expect(stderr).toMatch(/^logwerk is not complete: .*@logwerk\/cli.*"npm run build" makes what is missing\n$/)
})

test.each([
  ['SIGTERM', ['SIGTERM']],
  ['Ctrl-C that comes twice, from the terminal and from npm', ['SIGINT', 'SIGINT']],
] as const)('%s: a broker closes its logs cleanly and leaves with 0', async (_, signals) => {
  const child = spawn(process.execPath, [BIN, 'broker', '--data-dir', join(folder, 'data'), '--port', '0'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const ended = once(child, 'close')
  const events: string[] = []
  for await (const line of createInterface({ input: child.stdout })) {
    const { event } = JSON.parse(line) as { readonly event: string }
    events.push(event)
    if (event === 'listening') for (const signal of signals) child.kill(signal)
  }
  expect(await ended).toEqual([0, null])
  expect(events).toEqual(['listening', 'stopping', 'stopped'])
})

test('a file that takes only the beginning of what it prints, as on a disk that becomes full, is a failure', async () => {
  const out = join(folder, 'out')
  const command = `ulimit -f 1; exec "${process.execPath}" "${BIN}" broker --help > "${out}"`
  const [error, stderr] = await new Promise<[unknown, string]>(done => {
    execFile('sh', ['-c', command], (failure, _, text) => done([failure, text]))
  })
  expect(error).toMatchObject({ code: 1 })
  expect(stderr).toMatch(/^error: the output cannot be written: EFBIG/)
  expect((await stat(out)).size).toBeGreaterThan(0)
})
