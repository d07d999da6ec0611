/** What the producer was told: record `n` of its partition lies at `offset`. */
export interface Acknowledged {
  readonly partition: number
  readonly offset: number
  readonly n: number
}

/** What a reader found. */
export interface Found {
  readonly partition: number
  readonly offset: number
  readonly n: number
}

/**
 * What is wrong with a log that was written by one idempotent producer, which numbered its records per partition in the order in which
 * it sent them: acknowledged records that are missing or lie elsewhere, records that are there twice, records out of order.
 */
export function complaintsAbout(acknowledged: readonly Acknowledged[], log: readonly Found[]): string[] {
  const complaints: string[] = []
  const byPlace = new Map<string, number>()
  const seen = new Map<string, number>()
  const last = new Map<number, Found>()
  for (const found of log) {
    const { partition, offset, n } = found
    const before = last.get(partition)
    if (before !== undefined && offset <= before.offset) complaints.push(`partition ${partition}: offset ${offset} after ${before.offset}`)
    if (before !== undefined && n < before.n)
      complaints.push(`partition ${partition}, offset ${offset}: record ${n} after record ${before.n}`)
    const first = seen.get(`${partition}/${n}`)
    if (first !== undefined) complaints.push(`partition ${partition}: record ${n} at offset ${first} and again at ${offset}`)
    seen.set(`${partition}/${n}`, offset)
    byPlace.set(`${partition}/${offset}`, n)
    last.set(partition, found)
  }
  for (const { partition, offset, n } of acknowledged) {
    const there = byPlace.get(`${partition}/${offset}`)
    // -1: the broker knew only that it had the record already.
    if (offset < 0 ? !seen.has(`${partition}/${n}`) : there !== n) {
      complaints.push(
        `partition ${partition}: record ${n} was acknowledged at offset ${offset}, where ${there === undefined ? 'nothing' : `record ${there}`} is`,
      )
    }
  }
  return complaints
}
