const MAX_LENGTH = 249

/** Why `name` cannot be a topic's name; null if it can. Source: Kafka's `Topic.validate`. */
export function topicNameComplaint(name: string): string | null {
  if (name === '') return 'a topic name cannot be empty'
  if (name === '.' || name === '..') return `a topic cannot be called "${name}"`
  if (name.length > MAX_LENGTH) return `a topic name has at most ${MAX_LENGTH} characters, not ${name.length}`
  if (!/^[A-Za-z0-9._-]+$/.test(name)) return `the topic name "${name}" may hold only ASCII letters and digits, ".", "_" and "-"`
  return null
}

/** Finds topics whose names are the same to somebody else: to metrics, or to a disk. */
export class TopicNameIndex {
  readonly #keyOf: (name: string) => string
  readonly #names = new Map<string, Set<string>>()

  constructor(keyOf: (name: string) => string) {
    this.#keyOf = keyOf
  }

  add(name: string): void {
    const key = this.#keyOf(name)
    const names = this.#names.get(key)
    if (names === undefined) this.#names.set(key, new Set([name]))
    else names.add(name)
  }

  delete(name: string): void {
    const key = this.#keyOf(name)
    const names = this.#names.get(key)
    names?.delete(name)
    if (names?.size === 0) this.#names.delete(key)
  }

  /** Another topic that `name` cannot be told from. */
  twinOf(name: string): string | null {
    for (const other of this.#names.get(this.#keyOf(name)) ?? []) if (other !== name) return other
    return null
  }
}

/** What metrics make of a name: "." and "_" are the same to them. */
export function metricNameOf(name: string): string {
  return name.replaceAll('.', '_')
}
