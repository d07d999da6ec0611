import { mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { runDemo } from './run-demo.ts'
import { Screen } from './screen.ts'

let dataDir = ''

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'logwerk-demo-'))
})
afterAll(async () => {
  await rm(dataDir, { recursive: true })
})

/** One start; `kill` stops it half-way, in this process by a signal. What a real SIGKILL does is tested in packages/interop. */
async function start(kill = false): Promise<{ readonly outcome: unknown; readonly text: string }> {
  let text = ''
  const screen = new Screen({ write: (more: string) => (text += more) }, {})
  const stop = new AbortController()
  const surroundings = { screen, signal: stop.signal, kill: () => stop.abort(new Error('half-way')), quarterMs: kill ? 300 : 0 }
  const outcome = await runDemo({ dataDir, kill, serve: false, port: 0 }, surroundings).catch(error => error)
  return { outcome, text }
}

const backupLines = async () => (await readFile(join(dataDir, 'backup', 'flights.ndjson'), 'utf8')).split('\n').length - 1

test('a quarter, one that is stopped half-way and finished, and one more: nothing is missed or doubled', async () => {
  const first = await start()
  expect(first.outcome, first.text).toBe(true)
  expect(first.text).toContain('sending   rows 0 to 4,999')
  expect(await backupLines()).toBe(5000)

  const stopped = await start(true)
  expect(stopped.outcome).toMatchObject({ message: 'half-way' })
  expect(stopped.text).toContain('both groups go on from their committed offsets')

  const second = await start()
  expect(second.outcome, second.text).toBe(true)
  expect(second.text).toContain('sending   what is missing of rows 5,000 to 9,999')
  expect(await backupLines()).toBe(10_000)
})

test('a backup that lost its end is written again from the log; one that was changed is told', async () => {
  await truncate(join(dataDir, 'backup', 'flights.ndjson'), 1000)
  const again = await start()
  expect(again.outcome, again.text).toBe(true)
  expect(again.text).toContain('group backup reads everything again')
  expect(await backupLines()).toBe(15_000)

  const path = join(dataDir, 'backup', 'flights.ndjson')
  await writeFile(path, (await readFile(path, 'utf8')).replace('"delay":66', '"delay":67'))
  const changed = await start()
  expect(changed.outcome).toBe(false)
  expect(changed.text).toContain('WRONG')
  expect(changed.text).toMatch(/flights.ndjson:\d+: row \d+ differs from the data set/)
})

test('a second start on the same directory is refused with the reason', async () => {
  const both = await Promise.all([start(), start()])
  const refused = both.filter(({ outcome }) => outcome instanceof Error)
  expect(refused).toHaveLength(1)
  expect(refused[0]!.outcome).toMatchObject({ code: 'DIRECTORY_LOCKED' })
})
