import { KafkaError, nearest } from '@logwerk/runtime'
import type { Assignor } from './assignor.ts'
import { cooperativeStickyAssignor } from './cooperative-sticky-assignor.ts'
import { rangeAssignor } from './range-assignor.ts'
import { roundRobinAssignor } from './round-robin-assignor.ts'
import { stickyAssignor } from './sticky-assignor.ts'

const byName: ReadonlyMap<string, Assignor> = new Map(
  [rangeAssignor, roundRobinAssignor, stickyAssignor, cooperativeStickyAssignor].map(assignor => [assignor.name, assignor]),
)

const JAVA_PACKAGE = 'org.apache.kafka.clients.consumer.'
const byJavaClass: ReadonlyMap<string, Assignor> = new Map([
  ['RangeAssignor', rangeAssignor],
  ['RoundRobinAssignor', roundRobinAssignor],
  ['StickyAssignor', stickyAssignor],
  ['CooperativeStickyAssignor', cooperativeStickyAssignor],
])

/**
 * The built-in assignor of an entry of `partition.assignment.strategy`.
 *
 * @param strategy  Its protocol name (`range`, `roundrobin`, `sticky`, `cooperative-sticky`) or, as Java's properties files have it, its
 *                  class (`org.apache.kafka.clients.consumer.RangeAssignor`).
 * @throws          KafkaError `INVALID_CONFIG` that names the nearest one.
 */
export function assignorOf(strategy: string): Assignor {
  const assignor = strategy.startsWith(JAVA_PACKAGE) ? byJavaClass.get(strategy.slice(JAVA_PACKAGE.length)) : byName.get(strategy)
  if (assignor !== undefined) return assignor
  const guess = nearest(strategy, byName.keys())
  const help = guess === null ? `there are ${[...byName.keys()].join(', ')}` : `did you mean "${guess}"?`
  throw new KafkaError('INVALID_CONFIG', `partitionAssignmentStrategy: unknown assignor "${strategy}"; ${help}`)
}
