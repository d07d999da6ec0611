import { CheaperCycle } from './cheaper-cycle.ts'
import type { SubscribedTopic } from './member-order.ts'
import { NOBODY } from './owners.ts'
import { Shares } from './shares.ts'

/**
 * The owners where members subscribe to different topics. No other assignment is more even (the sum of the squared shares is the
 * smallest possible), and no equally even one moves fewer partitions. Kafka's `AbstractStickyAssignor` moves one partition at a time
 * from a member to another; here chains count too: a gives to b what b's other topics let it pass on to c.
 *
 * @param holders  As `holdersOf` finds them.
 */
export function placeMixed(topics: readonly SubscribedTopic[], holders: readonly Int32Array[], memberCount: number): Int32Array[] {
  const shares = new Shares(topics, holders, memberCount)
  placeRest(shares)
  // The exact search finds everything, but one exchange at a time: level out the coarse differences first.
  levelTopics(shares)
  const cycle = new CheaperCycle(shares)
  while (cycle.improve());
  return topics.map((topic, index) => ownersOf(shares, topic, index, holders[index]!))
}

/** Places what nobody keeps with the least loaded subscriber; topics of few subscribers first, while the others can still make room. */
function placeRest(shares: Shares): void {
  const order = [...shares.topics.entries()].sort(([a, x], [b, y]) => x.subscribers.length - y.subscribers.length || a - b)
  for (const [topic, { partitionCount, subscribers }] of order) {
    let rest = partitionCount
    for (const member of subscribers) rest -= shares.share(topic, member)
    for (; rest > 0; rest--) shares.add(topic, lightest(shares, subscribers), 1)
  }
}

/** Topic by topic, lets the most loaded owner give the least loaded subscriber half of the difference. */
function levelTopics(shares: Shares): void {
  for (let changed = true; changed; ) {
    changed = false
    for (const [topic, { subscribers }] of shares.topics.entries()) {
      for (;;) {
        const from = heaviest(shares, subscribers, topic)
        const to = lightest(shares, subscribers)
        const count = Math.min(shares.share(topic, from), Math.floor((shares.loads[from]! - shares.loads[to]!) / 2))
        if (count <= 0) break
        shares.add(topic, from, -count)
        shares.add(topic, to, count)
        changed = true
      }
    }
  }
}

function lightest({ loads }: Shares, subscribers: readonly number[]): number {
  let best = subscribers[0]!
  for (const member of subscribers) if (loads[member]! < loads[best]!) best = member
  return best
}

/** The most loaded of those who have a partition of the topic; there always is one. */
function heaviest(shares: Shares, subscribers: readonly number[], topic: number): number {
  let best = -1
  for (const member of subscribers)
    if (shares.share(topic, member) > 0 && (best === -1 || shares.loads[member]! > shares.loads[best]!)) best = member
  return best
}

/** Turns counts into partitions: each keeps the lowest of what it held, up to its share; the others are dealt out in order. */
function ownersOf(shares: Shares, { subscribers }: SubscribedTopic, topic: number, holder: Int32Array): Int32Array {
  const wanted = new Map(subscribers.map(member => [member, shares.share(topic, member)]))
  const owner = new Int32Array(holder.length).fill(NOBODY)
  const take = (partition: number, member: number) => {
    owner[partition] = member
    wanted.set(member, wanted.get(member)! - 1)
  }
  for (const [partition, member] of holder.entries()) if ((wanted.get(member) ?? 0) > 0) take(partition, member)
  let turn = 0
  for (let partition = 0; partition < owner.length; partition++) {
    if (owner[partition] !== NOBODY) continue
    while (wanted.get(subscribers[turn]!) === 0) turn++
    take(partition, subscribers[turn]!)
  }
  return owner
}
