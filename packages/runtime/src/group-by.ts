/** Puts items that belong together into one list each; groups and items keep the order in which they come (`Map.groupBy`, new in Node 21). */
export function groupBy<K, I>(items: Iterable<I>, keyOf: (item: I) => K): Map<K, I[]> {
  const groups = new Map<K, I[]>()
  for (const item of items) {
    const key = keyOf(item)
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [item])
    else group.push(item)
  }
  return groups
}
