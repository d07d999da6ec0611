import { type Random, randomBelow } from '../random.ts'

/** A span of virtual time from which a delay is drawn: whole milliseconds, both ends included. */
export interface DelayRange {
  readonly minMs: number
  readonly maxMs: number
}

/** Draws a delay. */
export function delayWithin(range: DelayRange, random: Random): number {
  return range.maxMs <= range.minMs ? range.minMs : range.minMs + randomBelow(random, range.maxMs - range.minMs + 1)
}
