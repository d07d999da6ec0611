import type { PartitionState } from './subscription-state.ts'

/** Records of one partition that the user holds: where it stood behind them. */
interface Held {
  state: PartitionState
  jumps: number
  offset: number
  epoch: number
}

const NOTHING: readonly Held[] = []

/** The records that the user holds: finished when they ask for more, and then free to be committed. */
export class Hand {
  #held: readonly Held[] = NOTHING
  /** One for all records of a loop: nothing is made for a record. */
  #single: [Held] | null = null
  #isFromPoll = false

  /** A loop was given what was taken last of this partition. */
  hold(state: PartitionState): void {
    if (this.#single === null) this.#single = [heldOf(state)]
    else {
      const held = this.#single[0]
      const { offset, offsetEpoch } = state.position!
      held.state = state
      held.jumps = state.jumps
      held.offset = offset
      held.epoch = offsetEpoch
    }
    this.#held = this.#single
  }

  /** `poll` handed over what was taken last of these partitions. */
  holdPolled(states: Iterable<PartitionState>): void {
    this.#held = [...states].map(heldOf)
    this.#isFromPoll = true
  }

  /** The user asks for more: what they had is processed. */
  finish(): void {
    for (const { state, jumps, offset, epoch } of this.#held) {
      if (state.jumps !== jumps) continue
      state.finishedOffset = offset
      state.finishedEpoch = epoch
    }
    this.#held = NOTHING
    this.#isFromPoll = false
  }

  /** What `poll` handed over counts as processed, as in Java; a loop says itself, by asking for more, that it is done with a record. */
  finishPolled(): void {
    if (this.#isFromPoll) this.finish()
  }

  /** The loop was left in the middle of its body: what is in hand was not finished. */
  drop(): void {
    this.#held = NOTHING
  }
}

function heldOf(state: PartitionState): Held {
  const { offset, offsetEpoch } = state.position!
  return { state, jumps: state.jumps, offset, epoch: offsetEpoch }
}
