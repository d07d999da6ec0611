import { tmpdir } from 'node:os'
import { expect, test } from 'vitest'
import type { Files } from '../files.ts'
import { nodeWorld } from '../node/world.ts'
import { checkTwins, withoutExclusiveCreation } from './files-twin.test-support.ts'

const RUNS = Number(process.env['LOGWERK_SEEDS'] ?? 50) * 3

async function compareWithReal(sabotage: (files: Files) => Files = files => files): Promise<void> {
  const { files, random } = nodeWorld
  const base = `${tmpdir()}/logwerk-twin-${random.uuid()}`
  try {
    await checkTwins(RUNS, (simulation, run) => {
      const root = `${base}/${run}`
      files.makeDirectory(root)
      simulation.files.makeDirectory(root)
      return [
        { files: sabotage(simulation.files), root, settle: promise => simulation.runUntil(promise) },
        { files, root, settle: promise => promise },
      ]
    })
  } finally {
    await files.removeTree(base)
  }
}

test('the simulated disk answers as the real one', async () => {
  await compareWithReal()
})

test('the check sees a difference', async () => {
  const failure = await compareWithReal(withoutExclusiveCreation).catch(error => error)
  expect(String(failure.cause)).toContain('to deeply equal')
})
