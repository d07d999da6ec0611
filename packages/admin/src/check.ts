/** Refuses what a type checker would have refused, for those who have none. @throws TypeError that names the call and what it takes */
export function checkList(call: string, what: string, given: unknown): void {
  if (!Array.isArray(given)) throw new TypeError(`${call} takes a list of ${what}, not ${shown(given)}`)
}

/** @throws TypeError */
export function checkText(call: string, what: string, given: unknown): void {
  if (typeof given !== 'string') throw new TypeError(`${call}: ${what} has to be a string, not ${shown(given)}`)
}

/** @throws TypeError */
export function checkCount(call: string, what: string, given: unknown, min = Number.MIN_SAFE_INTEGER): void {
  if (Number.isSafeInteger(given) && (given as number) >= min) return
  const range = min === Number.MIN_SAFE_INTEGER ? '' : `, at least ${min}`
  throw new TypeError(`${call}: ${what} has to be a whole number${range}, not ${shown(given)}`)
}

/** @throws TypeError */
export function checkPartitions(call: string, given: readonly { readonly topic: string; readonly partition: number }[]): void {
  checkList(call, 'partitions: { topic, partition }', given)
  for (const item of given) {
    checkText(call, 'the topic of a partition', item?.topic)
    checkCount(call, `the partition of topic ${item.topic}`, item.partition)
  }
}

function shown(value: unknown): string {
  return typeof value === 'function' ? 'a function' : (JSON.stringify(value) ?? String(value))
}
