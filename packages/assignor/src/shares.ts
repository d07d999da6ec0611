import type { SubscribedTopic } from './member-order.ts'

/**
 * How many partitions of each topic each member gets: the assignment without the partitions' numbers, which is all that balance and
 * stickiness depend on.
 */
export class Shares {
  readonly topics: readonly SubscribedTopic[]
  readonly memberCount: number
  /** Partitions that a member has over all topics. */
  readonly loads: Int32Array
  /** By topic and member, as `topic * memberCount + member`. */
  readonly #shares: Int32Array
  readonly #held: Int32Array

  /** @param holders  As `holdersOf` finds them. Everyone starts with what it holds and may keep, the rest is not placed yet. */
  constructor(topics: readonly SubscribedTopic[], holders: readonly Int32Array[], memberCount: number) {
    this.topics = topics
    this.memberCount = memberCount
    this.loads = new Int32Array(memberCount)
    this.#held = new Int32Array(topics.length * memberCount)
    for (const [topic, holder] of holders.entries()) {
      const subscribes = new Set(topics[topic]!.subscribers)
      for (const member of holder) if (subscribes.has(member)) this.#held[topic * memberCount + member]!++
    }
    this.#shares = new Int32Array(this.#held.length)
    for (let topic = 0; topic < topics.length; topic++)
      for (const member of topics[topic]!.subscribers) this.add(topic, member, this.held(topic, member))
  }

  share(topic: number, member: number): number {
    return this.#shares[topic * this.memberCount + member]!
  }

  /** What the member held of the topic before: the part of its share that does not have to move. */
  held(topic: number, member: number): number {
    return this.#held[topic * this.memberCount + member]!
  }

  add(topic: number, member: number, count: number): void {
    this.#shares[topic * this.memberCount + member]! += count
    this.loads[member]! += count
  }

  /** Partitions that the member can give away at the same cost each: {@link giveCost}. */
  giveCount(topic: number, member: number): number {
    const surplus = this.share(topic, member) - this.held(topic, member)
    return surplus > 0 ? surplus : this.share(topic, member)
  }

  /** 1 if the next partition that the member gives away is one that it held, and would have to move; 0 if it is not. */
  giveCost(topic: number, member: number): 0 | 1 {
    return this.share(topic, member) > this.held(topic, member) ? 0 : 1
  }

  /** Partitions that the member can take at the same cost each: {@link takeCost}. */
  takeCount(topic: number, member: number): number {
    const missing = this.held(topic, member) - this.share(topic, member)
    return missing > 0 ? missing : Infinity
  }

  /** -1 if the next partition that the member takes is one that it held, and need not move after all; 0 if it is not. */
  takeCost(topic: number, member: number): -1 | 0 {
    return this.share(topic, member) < this.held(topic, member) ? -1 : 0
  }
}
