/** What a test knows of one record that it gave to a producer. */
export interface SentRecord {
  /** `topic-partition`. */
  readonly log: string
  /** Unique in its log; the record's value begins with it. */
  readonly id: string
  /** What its callback was told, each time: an offset (-1 if unknown), or null for a failure. */
  readonly fates: (number | null)[]
}

/**
 * Compares what a producer with idempotence promised with what is in the logs: every record's callback was called exactly once; what was
 * acknowledged is stored exactly once, at the offset that was told; what failed is stored at most once; and all of it lies in the order
 * in which it was sent.
 *
 * @param sent  In the order of sending.
 * @param logs  Ids by offset.
 * @returns     What is wrong; empty if nothing is.
 */
export function checkDelivery(sent: readonly SentRecord[], logs: ReadonlyMap<string, readonly string[]>): string[] {
  const complaints: string[] = []
  const places = new Map<string, number[]>()
  for (const [log, ids] of logs) {
    for (const [offset, id] of ids.entries()) places.set(`${log} ${id}`, [...(places.get(`${log} ${id}`) ?? []), offset])
  }
  const lastOffsets = new Map<string, number>()
  for (const { log, id, fates } of sent) {
    const at = places.get(`${log} ${id}`) ?? []
    places.delete(`${log} ${id}`)
    const where = `${log} ${id}`
    if (fates.length !== 1) complaints.push(`${where}: its callback was called ${fates.length} times`)
    if (at.length > 1) complaints.push(`${where}: stored ${at.length} times, at ${at.join(', ')}`)
    const [fate = null] = fates
    if (fate !== null && at.length === 0) complaints.push(`${where}: acknowledged at ${fate} and lost`)
    if (fate !== null && fate >= 0 && at.length > 0 && !at.includes(fate))
      complaints.push(`${where}: acknowledged at ${fate}, stored at ${at[0]}`)
    const [offset] = at
    if (offset === undefined) continue
    const before = lastOffsets.get(log) ?? -1
    if (offset < before) complaints.push(`${where}: stored at ${offset}, in front of one that was sent before it`)
    lastOffsets.set(log, Math.max(before, offset))
  }
  for (const [where, at] of places) complaints.push(`${where}: nobody sent it, and it is stored at ${at.join(', ')}`)
  return complaints
}
