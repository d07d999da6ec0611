import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { File } from '../files.ts'
import { createSimulation, type Machine, type Simulation } from './index.ts'

/** A file of the model: every byte that is ever written to it is its tag, so that whatever is left after a power cut names its file. */
interface ModelFile {
  readonly tag: number
  /** Size as programs see it. */
  size: number
  /** The places that were ever written. */
  readonly written: Set<number>
  /** Those that must survive: written, synced, and not cut off since. */
  readonly safe: Set<number>
  /** The largest size since the last sync. */
  maxSize: number
}

/** What a name may mean after a power cut: what it meant at the last sync of its directory, or at any time since. */
type Meanings = (ModelFile | null)[]

type FileStep =
  | { readonly kind: 'sync' | 'syncNow' | 'startSync'; readonly name: number }
  | { readonly kind: 'write'; readonly name: number; readonly at: number; readonly length: number }
  | { readonly kind: 'truncate'; readonly name: number; readonly size: number }

type Step =
  | FileStep
  | { readonly kind: 'create' | 'remove'; readonly name: number }
  | { readonly kind: 'rename'; readonly name: number; readonly to: number }
  | { readonly kind: 'syncNames' | 'syncNamesNow' | 'wait' }

const name = fc.nat(3)
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('sync', 'syncNow', 'startSync'), name }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('create', 'remove'), name }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('write' as const), name, at: fc.nat(9000), length: fc.nat(6000) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('truncate' as const), name, size: fc.nat(9000) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('rename' as const), name, to: name }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('syncNames', 'syncNamesNow', 'wait') }) },
)

/** Runs steps against a machine's files, and keeps the model beside it. */
class Run {
  readonly #simulation: Simulation
  readonly #machine: Machine
  readonly #open = new Map<ModelFile, File>()
  readonly #names = new Map<string, Meanings>()
  /** Files that had a name at the last sync of the directory and were not removed since: they must have one after a power cut. */
  readonly #anchored = new Set<ModelFile>()
  #lastTag = 0

  constructor(simulation: Simulation, machine: Machine) {
    this.#simulation = simulation
    this.#machine = machine
    for (let index = 0; index < 4; index++) this.#names.set(pathOf(index), [null])
  }

  async do(one: Step): Promise<void> {
    const { files } = this.#machine.world
    switch (one.kind) {
      case 'create':
        if (this.#now(one.name) !== null) return
        return this.#create(one.name)
      case 'rename': {
        const file = this.#now(one.name)
        if (file === null || one.to === one.name) return
        files.rename(pathOf(one.name), pathOf(one.to))
        this.#unanchor(one.to)
        this.#names.get(pathOf(one.name))?.push(null)
        this.#names.get(pathOf(one.to))?.push(file)
        return
      }
      case 'remove':
        if (this.#now(one.name) === null) return
        files.remove(pathOf(one.name))
        this.#unanchor(one.name)
        this.#names.get(pathOf(one.name))?.push(null)
        return
      case 'syncNames':
        await this.#simulation.runUntil(files.syncDirectory('/'))
        return this.#namesAreSafe()
      case 'syncNamesNow':
        files.syncDirectoryNow('/')
        return this.#namesAreSafe()
      case 'wait':
        return this.#simulation.advance(1)
      default:
        return this.#change(one)
    }
  }

  /** @throws If what the disk holds now cannot have come of a power cut. */
  check(): void {
    const left = this.#machine.disk.contents()
    for (const [path, meanings] of this.#names) {
      const content = left.get(path)
      if (content === undefined) {
        if (!meanings.includes(null)) throw new Error(`${path} is gone`)
        continue
      }
      const complaints = meanings.map(file => (file === null ? 'it should not be there' : complaintAbout(content, file)))
      if (!complaints.includes(null)) throw new Error(`${path} cannot be: ${complaints.join(', or ')}`)
    }
    for (const file of this.#anchored) {
      if (file.safe.size > 0 && ![...left.values()].some(content => content.includes(file.tag))) throw new Error(`file ${file.tag} is gone`)
    }
  }

  #unanchor(index: number): void {
    const file = this.#now(index)
    if (file !== null) this.#anchored.delete(file)
  }

  #now(index: number): ModelFile | null {
    return this.#names.get(pathOf(index))?.at(-1) ?? null
  }

  #create(index: number): void {
    const file: ModelFile = { tag: ++this.#lastTag, size: 0, written: new Set(), safe: new Set(), maxSize: 0 }
    this.#open.set(file, this.#machine.world.files.open(pathOf(index), 'create'))
    this.#names.get(pathOf(index))?.push(file)
  }

  async #change(one: FileStep): Promise<void> {
    const model = this.#now(one.name)
    const file = model === null ? undefined : this.#open.get(model)
    if (model === null || file === undefined) return
    if (one.kind === 'write') {
      const count = file.writev([new Uint8Array(one.length).fill(model.tag)], one.at)
      for (let at = one.at; at < one.at + count; at++) model.written.add(at)
      if (count > 0) model.size = Math.max(model.size, one.at + count)
    } else if (one.kind === 'truncate') {
      file.truncate(one.size)
      model.size = one.size
      for (const at of model.safe) if (at >= one.size) model.safe.delete(at)
      for (const at of model.written) if (at >= one.size) model.written.delete(at)
    } else if (one.kind === 'startSync') {
      // Nobody waits for this one, so nothing is promised; the power may go while it is under way.
      void file.datasync()
    } else {
      if (one.kind === 'syncNow') file.datasyncNow()
      else await this.#simulation.runUntil(file.datasync())
      for (const at of model.written) if (at < model.size) model.safe.add(at)
      model.maxSize = model.size
    }
    model.maxSize = Math.max(model.maxSize, model.size)
  }

  #namesAreSafe(): void {
    this.#anchored.clear()
    for (const meanings of this.#names.values()) {
      meanings.splice(0, meanings.length - 1)
      const file = meanings[0]
      if (file !== null && file !== undefined) this.#anchored.add(file)
    }
  }
}

function complaintAbout(content: Uint8Array, file: ModelFile): string | null {
  if (content.length > file.maxSize) return `it is larger than file ${file.tag} ever was`
  for (const at of file.safe) if (content[at] !== file.tag) return `byte ${at} of file ${file.tag} was safe and is ${content[at]}`
  const odd = content.findIndex(value => value !== 0 && value !== file.tag)
  return odd < 0 ? null : `byte ${odd} is ${content[odd]}, which file ${file.tag} never held`
}

const pathOf = (index: number) => `/file-${index}`

async function checkCrashes(sabotage: (machine: Machine) => void = () => {}): Promise<void> {
  await fc.assert(
    fc.asyncProperty(
      fc.integer(),
      fc.array(step, { minLength: 5, maxLength: 40, size: 'max' }),
      fc.nat(3),
      async (seed, steps, restarts) => {
        const simulation = createSimulation({ seed })
        const machine = simulation.machine('b')
        machine.disk.settings.shortWriteShare = 0.2
        sabotage(machine)
        const run = new Run(simulation, machine)
        for (const one of steps) await run.do(one)
        // A disk that lost power once loses nothing more by the next power cuts.
        for (let restart = 0; restart <= restarts; restart++) {
          machine.crash()
          run.check()
          machine.restart()
        }
      },
    ),
    // Fewer are not sure to meet a planted fault.
    { numRuns: Math.max(300, Number(process.env['LOGWERK_SEEDS'] ?? 0)) },
  )
}

test('a power cut leaves what was synced, and of the rest only what once was', async () => {
  await checkCrashes()
})

test('the check sees a sync that lies', async () => {
  const failure = await checkCrashes(machine => {
    machine.disk.settings.liesAboutSync = true
  }).catch(error => error)
  expect(String(failure.cause)).toMatch(/was safe and is|is gone|should not be there/)
})

test('the check sees a bit that flips', async () => {
  const failure = await checkCrashes(machine => {
    const { crash } = machine
    machine.crash = options => {
      crash.call(machine, options)
      for (const [path, content] of machine.disk.contents()) if (content.length > 0) machine.disk.flipRandomBit(path)
    }
  }).catch(error => error)
  expect(String(failure.cause)).toMatch(/was safe and is|never held/)
})
