import type { TopicPartitionOffset } from '@logwerk/consumer'
import { FLIGHTS } from './flights.ts'
import type { FlightRecord, GroupWork } from './group-reader.ts'

/** What is known of the flights from one airport. */
export interface OriginTally {
  readonly origin: string
  readonly flightCount: number
  /** Sum over all flights, in minutes. */
  readonly delayMinutes: number
}

interface Tally {
  flightCount: number
  delayMinutes: number
}

/**
 * The group that keeps live aggregates: flights and delay of each origin.
 *
 * Its state lies where its offsets lie: each commit carries the partition's tallies as the note of the offset (at most 4096 bytes, some
 * 600 are used). State and offset change in one step, so a kill can never leave one ahead of the other, and no flight is
 * counted twice or not at all. Larger state belongs into a compacted topic or a database, with the offset in the same transaction.
 */
export class Dashboard implements GroupWork {
  readonly groupId = 'dashboard'
  /** By partition, then by origin. The partitioner keeps an origin in one partition, so nothing has to be merged. */
  readonly #tallies = Array.from({ length: FLIGHTS.partitionCount }, () => new Map<string, Tally>())

  restore(committed: readonly TopicPartitionOffset[]): Promise<boolean> {
    // Offsets that somebody else has set, such as `logwerk groups reset-offsets`, come without the tallies.
    if (committed.some(({ offset, metadata }) => offset > 0 && !metadata)) return Promise.resolve(false)
    for (const { partition, metadata } of committed) {
      const note = JSON.parse(metadata || '{}') as Record<string, [number, number]>
      for (const [origin, [flightCount, delayMinutes]] of Object.entries(note)) {
        this.#tallies[partition]!.set(origin, { flightCount, delayMinutes })
      }
    }
    return Promise.resolve(true)
  }

  apply({ partition, value }: FlightRecord): void {
    const { origin, delay } = value!
    const tallies = this.#tallies[partition]!
    const tally = tallies.get(origin)
    if (tally === undefined) {
      tallies.set(origin, { flightCount: 1, delayMinutes: delay })
      return
    }
    tally.flightCount++
    tally.delayMinutes += delay
  }

  checkpoint(): Promise<(partition: number) => string> {
    const notes = this.#tallies.map(tallies => {
      return JSON.stringify(
        Object.fromEntries([...tallies].map(([origin, { flightCount, delayMinutes }]) => [origin, [flightCount, delayMinutes]])),
      )
    })
    return Promise.resolve(partition => notes[partition]!)
  }

  /** All origins, those with most flights first. */
  origins(): OriginTally[] {
    return this.#tallies
      .flatMap(tallies => [...tallies].map(([origin, tally]) => ({ origin, ...tally })))
      .sort((a, b) => b.flightCount - a.flightCount || (a.origin < b.origin ? -1 : 1))
  }
}
