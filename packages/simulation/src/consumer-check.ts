/**
 * What a group of consumers may do: every record is processed at least once; an owner reads a partition without gaps or steps back; and a
 * partition has one owner at a time. (True of members that are heard of within their session. One that is cut off for longer learns late
 * that its partitions are lost.)
 */
export class GroupChecker {
  readonly problems: string[] = []
  processedCount = 0
  readonly #open = new Set<string>()
  readonly #seen = new Set<string>()
  /** Members by partition, with the last offset that they processed. */
  readonly #owners = new Map<number, Map<string, { last: number }>>()

  /** The producer has the acknowledgement. */
  produced(partition: number, offset: number): void {
    const place = `${partition}:${offset}`
    if (!this.#seen.has(place)) this.#open.add(place)
  }

  assigned(member: string, partitions: readonly number[]): void {
    for (const partition of partitions) {
      const owners = this.#ownersOf(partition)
      for (const other of owners.keys()) this.problems.push(`${member} got ${partition} while ${other} had it`)
      owners.set(member, { last: -1 })
    }
  }

  revoked(member: string, partitions: readonly number[]): void {
    for (const partition of partitions) this.#ownersOf(partition).delete(member)
  }

  lost(member: string, partitions: readonly number[]): void {
    this.revoked(member, partitions)
  }

  died(member: string): void {
    for (const owners of this.#owners.values()) owners.delete(member)
  }

  processed(member: string, partition: number, offset: number): void {
    const place = `${partition}:${offset}`
    this.processedCount++
    this.#open.delete(place)
    this.#seen.add(place)
    const owner = this.#ownersOf(partition).get(member)
    if (owner === undefined) {
      this.problems.push(`${member} processed ${place} without owning it`)
      return
    }
    if (owner.last >= 0 && offset <= owner.last) this.problems.push(`${member} went back from ${partition}:${owner.last} to ${place}`)
    if (owner.last >= 0 && offset > owner.last + 1) this.problems.push(`${member} jumped from ${partition}:${owner.last} to ${place}`)
    owner.last = offset
  }

  /** Acknowledged records that nobody has processed. */
  missing(): string[] {
    return [...this.#open]
  }

  #ownersOf(partition: number): Map<string, { last: number }> {
    let owners = this.#owners.get(partition)
    if (owners === undefined) {
      owners = new Map()
      this.#owners.set(partition, owners)
    }
    return owners
  }
}
