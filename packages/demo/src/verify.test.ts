import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { loadFlights, rowAt } from './flights.ts'
import { complaintsAboutBackup, complaintsAboutDelays, complaintsAboutTallies } from './verify.ts'

const flights = await loadFlights()
const lines = [0, 1, 2, 3].map(row => JSON.stringify({ row, ...rowAt(flights, row) }))
let directory = ''

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'logwerk-demo-verify-'))
})
afterAll(async () => {
  await rm(directory, { recursive: true })
})

async function complaintsAbout(content: readonly string[]): Promise<string[]> {
  const path = join(directory, 'flights.ndjson')
  await writeFile(path, content.map(line => `${line}\n`).join(''))
  return (await complaintsAboutBackup(path, flights, 4)).map(complaint => complaint.replace(path, 'file'))
}

test('a whole backup passes, in any order', async () => {
  expect(await complaintsAbout([lines[2]!, lines[0]!, lines[1]!, lines[3]!])).toEqual([])
})

test('a planted loss, duplicate, change and torn line are found', async () => {
  expect(await complaintsAbout([lines[0]!, lines[2]!, lines[3]!])).toEqual(['file: 1 rows are missing, the first is 1'])
  expect(await complaintsAbout([...lines, lines[2]!])).toEqual(['file:5: row 2 is there twice'])
  const changed = JSON.stringify({ row: 3, ...rowAt(flights, 3), delay: 999 })
  expect(await complaintsAbout([lines[0]!, lines[1]!, lines[2]!, changed])).toEqual(['file:4: row 3 differs from the data set'])
  expect(await complaintsAbout([...lines, '{"row":4'])).toEqual(['file:5: not a row from 0 to 3'])
})

test('tallies that are off by one flight are found, and so is a delay that is missing or doubled', () => {
  const { origin, delay } = rowAt(flights, 0)
  expect(complaintsAboutTallies([{ origin, flightCount: 1, delayMinutes: delay }], flights, 1)).toEqual([])
  expect(complaintsAboutTallies([{ origin, flightCount: 2, delayMinutes: delay }], flights, 1)).toEqual([
    `dashboard: ${origin} has 2 flights with ${delay} minutes of delay instead of 1 flights with ${delay} minutes of delay`,
  ])
  const [first, second] = [0, 1].map(row => {
    const { origin: from, destination, delay: minutes } = rowAt(flights, row)
    return { row, origin: from, destination, delay: minutes }
  })
  expect(complaintsAboutDelays([second!, first!], flights, [0, 1])).toEqual([])
  expect(complaintsAboutDelays([first!], flights, [0, 1])).toEqual(['delays: 1 records instead of 2; the first difference is at row 1'])
  expect(complaintsAboutDelays([first!, first!, second!], flights, [0, 1])).toHaveLength(1)
})
