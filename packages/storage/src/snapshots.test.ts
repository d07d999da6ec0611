import { createSimulation } from '@logwerk/runtime/simulated'
import { expect, test } from 'vitest'
import { ProducerState } from './producer-state.ts'
import { readSnapshot, removeSnapshot, removeSnapshots, snapshotOffsets, writeSnapshot } from './snapshots.ts'

test('snapshots are named by their offset, listed newest first, and removed singly or below an offset', () => {
  const { files } = createSimulation({ seed: 1 })
  files.makeDirectory('/p')
  for (const offset of [0, 9, 100, 2 ** 40]) writeSnapshot(files, '/p', offset, new ProducerState(1))
  files.open('/p/00000000000000000009.log', 'create').close()
  files.open('/p/9.snapshot', 'create').close()
  expect(files.list('/p')[0]).toBe('00000000000000000000.snapshot')
  expect(snapshotOffsets(files, '/p')).toEqual([2 ** 40, 100, 9, 0])
  removeSnapshots(files, '/p', 100)
  expect(snapshotOffsets(files, '/p')).toEqual([2 ** 40, 100])
  removeSnapshot(files, '/p', 2 ** 40)
  expect(snapshotOffsets(files, '/p')).toEqual([100])
})

test('a snapshot survives a power cut as soon as it is written', () => {
  const simulation = createSimulation({ seed: 1 })
  const producers = new ProducerState(1)
  producers.update({ producerId: 1, producerEpoch: 0, firstSequence: 0, lastSequence: 4, lastOffset: 4, offsetDelta: 4, timestamp: 1 }, 0)
  simulation.files.makeDirectory('/p')
  simulation.files.syncDirectoryNow('/')
  writeSnapshot(simulation.files, '/p', 5, producers)
  const machine = simulation.machine('localhost')
  machine.crash({ dataLoss: 'lose', nameLoss: 'lose' })
  const read = new ProducerState(1)
  readSnapshot(machine.restart().files, '/p', 5, read, 0)
  expect(read.encodeSnapshot()).toEqual(producers.encodeSnapshot())
})
