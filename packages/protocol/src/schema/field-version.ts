import type { AnyField } from './field.ts'

/** What the closures of one codec are built for; the path names fields in errors. */
export interface Target {
  readonly version: number
  readonly flexible: boolean
  readonly path: string
}

/** True if `version` of the message carries the field. */
export function hasField(field: AnyField, version: number): boolean {
  return version >= (field.since ?? 0) && version <= (field.until ?? Number.POSITIVE_INFINITY)
}

/** True if `version` carries the field among the tagged ones. */
export function isTagged(field: AnyField, version: number): boolean {
  return field.tag !== undefined && version >= (field.taggedSince ?? field.since ?? 0)
}

/** True if the field may be null in `version`. */
export function isNullable(field: AnyField, version: number): boolean {
  return field.nullableSince !== undefined && version >= field.nullableSince
}

/** Longest string in bytes, in every version: compact lengths could say more, and Kafka allows no more. */
export const MAX_STRING_BYTES = 0x7fff
