import type { TopicPartition } from '@logwerk/consumer'
import { expect } from 'vitest'
import { type ConsumerWorld, numbersOf, type Options, Poller, type Reader } from './consumer-world.test-support.ts'

const numbers = (list: readonly TopicPartition[]) => list.map(({ partition }) => partition).sort((a, b) => a - b)

/** A member of the group `g` that reads `orders` on and on. */
export interface Member {
  readonly consumer: Reader
  readonly poller: Poller
  /** What the listener was told, with the moment. */
  readonly events: { readonly what: 'assigned' | 'revoked' | 'lost'; readonly partitions: number[]; readonly atMs: number }[]
}

/** Joins the group `g` and polls on and on. */
export async function joinGroup(world: ConsumerWorld, machine: string, options: Options = {}): Promise<Member> {
  const consumer = world.consumer(machine, options)
  const events: Member['events'] = []
  const told = (what: 'assigned' | 'revoked' | 'lost') => (list: readonly TopicPartition[]) => {
    events.push({ what, partitions: numbers(list), atMs: world.nowMs })
  }
  await consumer.subscribe(['orders'], {
    onPartitionsAssigned: told('assigned'),
    onPartitionsRevoked: told('revoked'),
    onPartitionsLost: told('lost'),
  })
  return { consumer, poller: new Poller(consumer), events }
}

/** Runs until every partition has one owner, and these many members have any. */
export async function balanced(world: ConsumerWorld, members: readonly Member[], counts: readonly number[]): Promise<void> {
  await world.until(() => members.every(({ consumer }, index) => consumer.assignment().length === counts[index]))
  const all = members.flatMap(({ consumer }) => numbersOf(consumer))
  expect(new Set(all).size).toBe(all.length)
}

/** What its listener was told, in order. */
export const heldBy = ({ events }: Member) => events.map(({ what, partitions }) => `${what} ${partitions.join(',')}`)
