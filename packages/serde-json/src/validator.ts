import { formatFieldPath, SerdeError } from '@logwerk/serde'

/** Checks a value and gives it back, with what the schema changed in it. @throws SerdeError `VALIDATION`. */
export type Validator = (value: unknown) => unknown

/** The first of the things that are wrong with a value. */
export interface Issue {
  /** From the outside in. */
  readonly path: readonly (string | number)[]
  readonly message: string
}

/** @param issueCount  How many there are in all. */
export function validationError(first: Issue | undefined, issueCount: number): SerdeError {
  const others = issueCount > 1 ? `, and ${issueCount - 1} more` : ''
  return new SerdeError('VALIDATION', `${first?.message ?? 'the value does not fit the schema'}${others}`, {
    path: formatFieldPath(first?.path ?? []),
  })
}

/** Which way a schema is asked. */
export interface ValidationOptions {
  /**
   * Whether a value is checked before it is written. Default true: what does not fit never reaches the topic. (Java's JSON serde
   * checks in neither direction unless `json.fail.invalid.schema` is set.)
   */
  readonly validateOnWrite?: boolean
  /**
   * Whether what was read is checked. Default true. False trusts the writers: the value is then the JSON as it is, without the
   * schema's defaults and conversions.
   */
  readonly validateOnRead?: boolean
}
