/** A value as text for a message: as JSON where that says it all. Never throws, whatever it is given. */
export function printed(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return JSON.stringify(value)
    case 'object':
      return jsonOf(value)
    case 'function':
      return 'a function'
    default:
      return String(value)
  }
}

/** An object as JSON, with bigints and the numbers that JSON lacks as strings. Never throws. */
export function jsonOf(value: object | null): string {
  try {
    return JSON.stringify(value, (_key, inner) => (isLackingInJson(inner) ? String(inner) : inner)) ?? 'undefined'
  } catch {
    // A cycle, or a getter or toJSON that throws.
    return '[not printable]'
  }
}

function isLackingInJson(value: unknown): boolean {
  return typeof value === 'bigint' || (typeof value === 'number' && !Number.isFinite(value))
}
