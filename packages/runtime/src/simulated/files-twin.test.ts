import { tmpdir } from 'node:os'
import { expect, test } from 'vitest'
import type { Files } from '../files.ts'
import { nodeWorld } from '../node/world.ts'
import { checkTwins, withoutExclusiveCreation } from './files-twin.test-support.ts'

const RUNS = Number(process.env['LOGWERK_SEEDS'] ?? 50) * 3

async function compareWithReal(sabotage?: (files: Files) => Files): Promise<void> {
  const { files, random } = nodeWorld
  const base = `${tmpdir()}/logwerk-twin-${random.uuid()}`
  try {
    const makeTwins: Parameters<typeof checkTwins>[1] = (simulation, run) => {
      const root = `${base}/${run}`
      files.makeDirectory(root)
      simulation.files.makeDirectory(root)
      return [
        { files: sabotage?.(simulation.files) ?? simulation.files, root, settle: promise => simulation.runUntil(promise) },
        { files, root, settle: promise => promise },
      ]
    }
    await checkTwins(RUNS, makeTwins, sabotage !== undefined)
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
