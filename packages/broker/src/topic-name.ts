const MAX_LENGTH = 249

/** Why `name` cannot be a topic's name; null if it can. Source: Kafka's `Topic.validate`. */
export function topicNameComplaint(name: string): string | null {
  if (name === '') return 'a topic name cannot be empty'
  if (name === '.' || name === '..') return `a topic cannot be called "${name}"`
  if (name.length > MAX_LENGTH) return `a topic name has at most ${MAX_LENGTH} characters, not ${name.length}`
  if (!/^[A-Za-z0-9._-]+$/.test(name)) return `the topic name "${name}" may hold only ASCII letters and digits, ".", "_" and "-"`
  return null
}

/** Topics that collide as metric names, where "." and "_" are the same. */
export function collidingTopic(name: string, existing: Iterable<string>): string | null {
  if (!/[._]/.test(name)) return null
  const normal = name.replaceAll('.', '_')
  for (const other of existing) if (other !== name && other.replaceAll('.', '_') === normal) return other
  return null
}
