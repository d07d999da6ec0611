import type { Shares } from './shares.ts'

/**
 * Finds exchanges that make shares better, by Bellman and Ford's search for a negative cycle. Its nodes are the members, the topics
 * and one "load" node: a member that gives a partition leads to the topic, the topic leads to the member that takes it. A chain whose
 * two ends change their loads closes through the load node. An edge costs what it adds to the sum of squared loads, then what it adds
 * to the partitions moved; no negative cycle is left exactly when both, in this order, are as small as can be (a minimum-cost flow with
 * convex costs).
 */
export class CheaperCycle {
  readonly #shares: Shares
  readonly #load: number
  /** Above any sum of move costs along a cycle, which is at most the count of topics. */
  readonly #loadWeight: number
  readonly #distance: Float64Array
  readonly #parent: Int32Array
  /** Round of {@link #cycleOfParents} in which a node was last seen. */
  readonly #seen: Int32Array

  constructor(shares: Shares) {
    this.#shares = shares
    this.#load = shares.memberCount + shares.topics.length
    this.#loadWeight = shares.topics.length + 1
    this.#distance = new Float64Array(this.#load + 1)
    this.#parent = new Int32Array(this.#load + 1)
    this.#seen = new Int32Array(this.#load + 1)
  }

  /** Carries out one exchange that improves the shares; false if there is none. */
  improve(): boolean {
    this.#distance.fill(0)
    this.#parent.fill(-1)
    while (this.#relaxAll()) {
      const onCycle = this.#cycleOfParents()
      if (onCycle !== -1) {
        this.#exchange(onCycle)
        return true
      }
    }
    return false
  }

  #relaxAll(): boolean {
    const { topics, memberCount, loads } = this.#shares
    let changed = false
    for (let member = 0; member < memberCount; member++)
      changed = this.#relax(this.#load, member, -this.#loadWeight * (2 * loads[member]! - 1)) || changed
    for (let topic = 0; topic < topics.length; topic++) {
      const { subscribers } = topics[topic]!
      for (const member of subscribers)
        if (this.#shares.share(topic, member) > 0)
          changed = this.#relax(member, memberCount + topic, this.#shares.giveCost(topic, member)) || changed
      for (const member of subscribers) changed = this.#relax(memberCount + topic, member, this.#shares.takeCost(topic, member)) || changed
    }
    for (let member = 0; member < memberCount; member++)
      changed = this.#relax(member, this.#load, this.#loadWeight * (2 * loads[member]! + 1)) || changed
    return changed
  }

  #relax(from: number, to: number, cost: number): boolean {
    const distance = this.#distance[from]! + cost
    if (distance >= this.#distance[to]!) return false
    this.#distance[to] = distance
    this.#parent[to] = from
    return true
  }

  /** A node on a cycle of parents, which is always a negative cycle; -1 if there is none yet. */
  #cycleOfParents(): number {
    this.#seen.fill(-1)
    for (let start = 0; start <= this.#load; start++) {
      let node = start
      while (node !== -1 && this.#seen[node] === -1) {
        this.#seen[node] = start
        node = this.#parent[node]!
      }
      if (node !== -1 && this.#seen[node] === start) return node
    }
    return -1
  }

  #exchange(onCycle: number): void {
    const shares = this.#shares
    const { memberCount } = shares
    const gives: { topic: number; from: number; to: number }[] = []
    let count = Infinity
    let node = onCycle
    do {
      const parent = this.#parent[node]!
      if (node === this.#load) {
        // From the member that gave without taking to the one that took without giving; levelled, not swapped.
        count = Math.min(count, Math.max(1, Math.floor((shares.loads[this.#giver(node)]! - shares.loads[parent]!) / 2)))
      } else if (node < memberCount && parent !== this.#load) {
        const topic = parent - memberCount
        const from = this.#parent[parent]!
        count = Math.min(count, shares.takeCount(topic, node), shares.giveCount(topic, from))
        gives.push({ topic, from, to: node })
      }
      node = parent
    } while (node !== onCycle)
    for (const { topic, from, to } of gives) {
      shares.add(topic, from, -count)
      shares.add(topic, to, count)
    }
  }

  /** The member that follows the load node on the cycle. */
  #giver(load: number): number {
    let node = load
    while (this.#parent[node] !== load) node = this.#parent[node]!
    return node
  }
}
