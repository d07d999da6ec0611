import { crc32c } from '@logwerk/protocol'
import { randomBelow } from '@logwerk/runtime'
import { createSimulation, SimulatedCrash, type Simulation } from '@logwerk/runtime/simulated'
import { expect, test } from 'vitest'
import { checkLog } from './check-log.test-support.ts'
import { DATA_DIRECTORY, Workload } from './workload.test-support.ts'

const SEEDS = Number(process.env['LOGWERK_SEEDS'] ?? 50)
/** Of all steps of a scenario each seed ends at one in so many; together the seeds end at every one. */
const STRIDE = 12
const ACTIONS = 30

/** Lets the process work until it is done or its machine is down. True if it is still there. */
async function workUntilDown(simulation: Simulation, work: () => Promise<void> | void): Promise<boolean> {
  const machine = simulation.machine('localhost')
  const done = (async () => work())().catch(error => {
    if (machine.running || !(error instanceof SimulatedCrash)) throw error
  })
  await simulation.runUntil(Promise.race([done, machine.whenDown()]))
  return machine.running
}

/** Opens the log after a crash and checks every invariant; then a second time, to see that opening changes nothing. */
async function reopenAndCheck(simulation: Simulation, workload: Workload, keepsAcknowledged: boolean): Promise<void> {
  const { machine, history } = workload
  const { disk } = simulation
  disk.heal()
  workload.open(machine.restart())
  if (disk.settings.capacityBytes !== Number.POSITIVE_INFINITY) {
    // A full disk does not keep the log from being recovered and read; what is left out then the next start makes up for.
    expect(checkLog(workload.log, history, { keepsAcknowledged })).toEqual([])
    history.cutTo(workload.log)
    disk.settings.capacityBytes = Number.POSITIVE_INFINITY
    machine.kill()
    workload.open(machine.restart())
  }
  expect(workload.log.fence).toBeNull()
  expect(checkLog(workload.log, history, { keepsAcknowledged })).toEqual([])
  history.cutTo(workload.log)
  const before = logFilesOf(simulation)
  const { leaderEpoch } = workload.log
  machine.kill()
  workload.open(machine.restart())
  expect(checkLog(workload.log, history, { keepsAcknowledged: true })).toEqual([])
  expect(logFilesOf(simulation)).toEqual(before)
  expect(workload.log.leaderEpoch).toBe(leaderEpoch + 1)
}

/**
 * Everything of the partition that is not a matter of how, and how often, it was opened: that are the epochs, the active segment's indexes,
 * and those of the segment that ends at the recovery point. It is walked again after a kill, and if it was closed while it was still
 * written to, its indexes have other entries, no less right, than those that one walk makes.
 */
function logFilesOf(simulation: Simulation): Map<string, string> {
  const ours = [...simulation.disk.contents()].filter(([path]) => path.startsWith(`${DATA_DIRECTORY}/orders-0/`))
  const logs = ours.filter(([path]) => path.endsWith('.log'))
  const walked = [logs.at(-1), logs.findLast(([, bytes]) => bytes.length > 0)].flatMap(log => log?.[0].slice(0, -'log'.length) ?? [])
  const kept = ours.filter(
    ([path]) => path.endsWith('.log') || !(path.endsWith('epoch-checkpoint') || walked.some(segment => path.startsWith(segment))),
  )
  return new Map(kept.map(([path, bytes]) => [path, `${bytes.length} bytes, CRC ${crc32c(bytes)}`]))
}

/** The whole scenario, ended at a step of the disk; false if it has fewer, and was ended behind the last. */
async function crashAt(seed: number, step: number, by: 'crash' | 'kill'): Promise<boolean> {
  const simulation = createSimulation({ seed })
  const workload = new Workload(simulation)
  const { machine } = workload
  const { disk } = simulation
  disk.crashAtStep(step, { by })
  const survived = await workUntilDown(simulation, async () => {
    workload.open()
    await workload.run(ACTIONS)
    await workload.close()
  })
  disk.heal()
  if (survived) {
    // Closed properly, so that the next start trusts what it finds.
    machine.crash()
    workload.open(machine.restart())
    expect(workload.log.fence).toBeNull()
    expect(checkLog(workload.log, workload.history, { keepsAcknowledged: workload.config.fsync === 'batch' })).toEqual([])
    return false
  }
  const isSafe = by === 'kill' || workload.config.fsync === 'batch'
  const chance = simulation.random(`crash ${step}`)
  if (randomBelow(chance, 3) === 0) {
    // The power fails again while the log is being recovered.
    disk.crashAtStep(disk.steps + 1 + randomBelow(chance, 30), { by })
    machine.restart()
    await workUntilDown(simulation, () => workload.open())
    if (machine.running) machine.kill()
    disk.heal()
  }
  await reopenAndCheck(simulation, workload, isSafe)
  // Life goes on, and what was acknowledged since, or found after the crash, outlives a power cut that leaves nothing but what was synced.
  const { history } = workload
  history.durableOffset = workload.log.logEndOffset
  if (!(await workUntilDown(simulation, () => workload.run(8)))) throw new Error('nothing ends this process')
  machine.crash({ dataLoss: 'lose', nameLoss: 'lose' })
  await reopenAndCheck(simulation, workload, workload.config.fsync === 'batch')
  await simulation.runUntil(workload.close())
  return true
}

for (const by of ['crash', 'kill'] as const) {
  test(`a ${by === 'crash' ? 'power cut' : 'kill -9'} at any step loses nothing acknowledged and leaves a log that is sound`, async () => {
    let runs = 0
    for (let seed = 0; seed < SEEDS; seed++) {
      for (let step = 1 + (seed % STRIDE); ; step += STRIDE) {
        try {
          if (!(await crashAt(seed, step, by))) break
          runs++
        } catch (error) {
          throw new Error(`seed ${seed}, ${by} at step ${step}: ${error instanceof Error ? error.message : error}`, { cause: error })
        }
      }
    }
    expect(runs).toBeGreaterThan(SEEDS)
  })
}
