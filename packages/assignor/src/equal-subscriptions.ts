import { NOBODY } from './owners.ts'

/**
 * The owners where all `subscribers` subscribe to all topics. Shares differ by one at most, and no assignment that even moves fewer
 * partitions: everyone keeps up to a quota, and the quotas that are larger by one go to those who hold most.
 *
 * @param holders  As `holdersOf` finds them.
 */
export function placeEqually(holders: readonly Int32Array[], subscribers: readonly number[], memberCount: number): Int32Array[] {
  const quotas = quotasOf(holders, subscribers, memberCount)
  const shares = new Int32Array(memberCount)
  const owners = holders.map(({ length }) => new Int32Array(length).fill(NOBODY))
  const take = (topic: number, partition: number, member: number) => {
    owners[topic]![partition] = member
    shares[member]!++
  }
  // By partition number across all topics: who has to let go lets go of some partitions of each topic, not of whole topics.
  const longest = holders.reduce((most, { length }) => Math.max(most, length), 0)
  for (let partition = 0; partition < longest; partition++) {
    for (const [topic, holder] of holders.entries()) {
      const member = holder[partition] ?? NOBODY
      if (member >= 0 && shares[member]! < quotas[member]!) take(topic, partition, member)
    }
  }
  let turn = 0
  for (const [topic, owner] of owners.entries()) {
    for (let partition = 0; partition < owner.length; partition++) {
      if (owner[partition] !== NOBODY) continue
      // The quotas add up to the partitions, so somebody's is not reached yet.
      while (shares[subscribers[turn]!]! >= quotas[subscribers[turn]!]!) turn = (turn + 1) % subscribers.length
      take(topic, partition, subscribers[turn]!)
      turn = (turn + 1) % subscribers.length
    }
  }
  return owners
}

/** How many partitions each member is to have; 0 for those that are not among the subscribers. */
function quotasOf(holders: readonly Int32Array[], subscribers: readonly number[], memberCount: number): Int32Array {
  const held = new Int32Array(memberCount)
  let partitionCount = 0
  for (const holder of holders) {
    partitionCount += holder.length
    for (const member of holder) if (member >= 0) held[member]!++
  }
  const quotas = new Int32Array(memberCount)
  for (const member of subscribers) quotas[member] = Math.floor(partitionCount / subscribers.length)
  const byHeld = [...subscribers].sort((a, b) => held[b]! - held[a]! || a - b)
  for (const member of byHeld.slice(0, partitionCount % subscribers.length)) quotas[member]!++
  return quotas
}
