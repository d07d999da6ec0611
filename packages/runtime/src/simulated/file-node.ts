import { assertNever } from '../assert.ts'
import { type Random, randomBelow } from '../random.ts'
import { GrowableBytes } from './growable-bytes.ts'

/**
 * What a power cut leaves of bytes that were written and not synced.
 *
 * - `lose`: none of them.
 * - `torn`: the oldest few; the last of these may be cut at any byte or at a 512-byte sector.
 * - `pages`: any of their 4 KiB pages, in no order; the others hold what was there before, or zeros.
 * - `zeros`: the size of the file, with zeros for them (ext4 allocates late).
 * - `keep`: all of them; the system had written them by itself.
 * - `random`: for each file one of these.
 */
export type DataLoss = 'lose' | 'torn' | 'pages' | 'zeros' | 'keep' | 'random'

type Change =
  | { readonly kind: 'write'; readonly positionBytes: number; readonly bytes: Uint8Array }
  | { readonly kind: 'truncate'; readonly sizeBytes: number }

const LOSSES = ['lose', 'torn', 'pages', 'zeros', 'keep'] as const
const PAGE_BYTES = 4096
const SECTOR_BYTES = 512

/** A file on a simulated disk: what programs see, what the disk holds for certain, and the changes between the two. */
export class FileNode {
  readonly kind = 'file'
  /** Wall-clock time of the last change. */
  modifiedMs: number
  #seen = new GrowableBytes()
  #durable = new GrowableBytes()
  #unsynced: Change[] = []
  /** Changes made before the first of `#unsynced`. */
  #settledCount = 0

  constructor(nowMs: number) {
    this.modifiedMs = nowMs
  }

  get sizeBytes(): number {
    return this.#seen.sizeBytes
  }

  /** What programs see, or what the disk holds for certain; valid until the next change. */
  view(which: 'seen' | 'durable' = 'seen'): Uint8Array {
    return (which === 'seen' ? this.#seen : this.#durable).view()
  }

  read(into: Uint8Array, positionBytes: number): number {
    return this.#seen.read(into, positionBytes)
  }

  /** Keeps `bytes`. */
  write(bytes: Uint8Array, positionBytes: number, nowMs: number): void {
    this.#change({ kind: 'write', positionBytes, bytes }, nowMs)
  }

  truncate(sizeBytes: number, nowMs: number): void {
    this.#change({ kind: 'truncate', sizeBytes }, nowMs)
  }

  /** Changes made so far: what a sync that starts now covers. */
  get changeCount(): number {
    return this.#settledCount + this.#unsynced.length
  }

  /** A sync that covers the first `changeCount` changes has worked. */
  makeDurable(changeCount: number): void {
    for (const change of this.#settle(changeCount)) apply(change, this.#durable)
  }

  /**
   * Such a sync has failed. As on Linux the pages count as clean from here on: programs still see the bytes, the next sync "succeeds",
   * and the bytes never reach the disk.
   */
  forget(changeCount: number): void {
    this.#settle(changeCount)
  }

  /** The system drops its copy: from now on programs see what the disk holds and what is still to be written. */
  dropCache(): void {
    this.#seen = this.#durable.copy()
    for (const change of this.#unsynced) apply(change, this.#seen)
  }

  /** The disk itself changes bytes: programs see it, and syncs do not mend it. */
  corrupt(positionBytes: number, bytes: Uint8Array): void {
    const overlay = (onto: Uint8Array, startBytes: number) => {
      const from = Math.max(positionBytes, startBytes)
      const to = Math.min(positionBytes + bytes.length, startBytes + onto.length)
      if (from < to) onto.set(bytes.subarray(from - positionBytes, to - positionBytes), from - startBytes)
    }
    overlay(this.#seen.view(), 0)
    overlay(this.#durable.view(), 0)
    for (const change of this.#unsynced) if (change.kind === 'write') overlay(change.bytes, change.positionBytes)
  }

  /** The power is cut and comes back. */
  crash(loss: DataLoss, random: Random): void {
    // Nothing at stake: no randomness is drawn, so that a forced loss does not change what follows.
    if (this.#unsynced.length > 0) this.#durable = this.#remainder(loss, random)
    this.#settledCount += this.#unsynced.length
    this.#unsynced = []
    this.#seen = this.#durable.copy()
  }

  #change(change: Change, nowMs: number): void {
    apply(change, this.#seen)
    this.#unsynced.push(change)
    this.modifiedMs = nowMs
  }

  #settle(changeCount: number): Change[] {
    const settled = this.#unsynced.splice(0, Math.max(0, changeCount - this.#settledCount))
    this.#settledCount += settled.length
    return settled
  }

  #remainder(loss: DataLoss, random: Random): GrowableBytes {
    const left = this.#durable.copy()
    switch (loss) {
      case 'random':
        return this.#remainder(LOSSES[randomBelow(random, LOSSES.length)]!, random)
      case 'lose':
        return left
      case 'keep':
        for (const change of this.#unsynced) apply(change, left)
        return left
      case 'zeros':
        left.resize(this.#afterAll().sizeBytes)
        return left
      case 'torn':
        this.#tear(left, random)
        return left
      case 'pages':
        this.#keepPages(left, random)
        return left
      default:
        return assertNever(loss)
    }
  }

  #tear(left: GrowableBytes, random: Random): void {
    const whole = randomBelow(random, this.#unsynced.length + 1)
    for (const change of this.#unsynced.slice(0, whole)) apply(change, left)
    const last = this.#unsynced[whole]
    if (last?.kind !== 'write' || last.bytes.length === 0) return
    const cut = randomBelow(random, last.bytes.length)
    // A sector's edge is a place in the file, not in the write.
    const edge = Math.max(0, cut - ((last.positionBytes + cut) % SECTOR_BYTES))
    left.write(last.bytes.subarray(0, randomBelow(random, 2) === 0 ? cut : edge), last.positionBytes)
  }

  #keepPages(left: GrowableBytes, random: Random): void {
    const target = this.#afterAll()
    const dirty = new Set<number>()
    for (const change of this.#unsynced) {
      if (change.kind !== 'write' || change.bytes.length === 0) continue
      const lastPage = Math.floor((change.positionBytes + change.bytes.length - 1) / PAGE_BYTES)
      for (let page = Math.floor(change.positionBytes / PAGE_BYTES); page <= lastPage; page++) dirty.add(page)
    }
    // The size is written apart from the pages: it may be there without them.
    if (randomBelow(random, 2) === 0) left.resize(target.sizeBytes)
    for (const page of dirty) {
      if (randomBelow(random, 2) === 0) left.write(target.view(page * PAGE_BYTES, (page + 1) * PAGE_BYTES), page * PAGE_BYTES)
    }
  }

  /** What a sync that worked would leave: not what programs see if an earlier one failed. */
  #afterAll(): GrowableBytes {
    const after = this.#durable.copy()
    for (const change of this.#unsynced) apply(change, after)
    return after
  }
}

function apply(change: Change, to: GrowableBytes): void {
  if (change.kind === 'write') to.write(change.bytes, change.positionBytes)
  else to.resize(change.sizeBytes)
}
