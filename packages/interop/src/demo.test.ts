import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { expect, test } from 'vitest'

const MAIN = join(import.meta.dirname, '../../demo/dist/main.js')

/** What `npm start` runs, as a process of its own. */
async function start(cwd: string, ...args: string[]) {
  const child = spawn(process.execPath, [MAIN, ...args], { cwd, stdio: ['ignore', 'pipe', 'pipe'] })
  const gone = once(child, 'close')
  const textOf = async (stream: Readable) => (await stream.setEncoding('utf8').toArray()).join('')
  const [stdout, stderr] = await Promise.all([textOf(child.stdout), textOf(child.stderr)])
  const [status, signal] = await gone
  return { status, signal, stdout, stderr }
}

test('the demo: killed half-way and started again, several times over, with every row exactly once', async () => {
  const cwd = await mkdtemp(join(tmpdir(), 'logwerk-demo-'))
  try {
    for (let round = 0; round < 4; round++) {
      const killed = await start(cwd, '--kill')
      expect(killed, killed.stderr).toMatchObject({ signal: 'SIGKILL', stderr: '' })
      expect(killed.stdout).toContain('Run npm start again to see it recover')
      const again = await start(cwd)
      expect(again, again.stderr + again.stdout).toMatchObject({ status: 0, stderr: '' })
      expect(again.stdout).toContain('recovered: the last process on it was killed')
      expect(again.stdout).toContain('both groups go on from their committed offsets')
      expect(again.stdout).toContain(`what is missing of rows ${(round * 5000).toLocaleString('en-US')} to`)
      expect(again.stdout).toContain(`the rows 0 to ${(round * 5000 + 4999).toLocaleString('en-US')}, each exactly once`)
    }
  } finally {
    await rm(cwd, { recursive: true, force: true })
  }
})

test('the demo: wrong options end with 2 and one line, a directory in use with 1', async () => {
  const cwd = await mkdtemp(join(tmpdir(), 'logwerk-demo-'))
  try {
    expect(await start(cwd, '--sevre')).toEqual({
      status: 2,
      signal: null,
      stdout: '',
      stderr: 'unknown option "--sevre"; did you mean --serve? (npm start -- --help shows all)\n',
    })
    expect(await start(cwd, '--data-dir', '/dev/null')).toMatchObject({ status: 1, signal: null })
  } finally {
    await rm(cwd, { recursive: true, force: true })
  }
})
