/**
 * What a validator of any library offers (zod, valibot, arktype, ...): the part of Standard Schema version 1 that is needed here,
 * written down so that nothing has to be installed. Source: standardschema.dev.
 */
export interface StandardSchema<Input = unknown, Output = Input> {
  readonly '~standard': {
    readonly version: 1
    /** The library's name. */
    readonly vendor: string
    readonly validate: (value: unknown) => StandardResult<Output> | Promise<StandardResult<Output>>
    /** Never there at run time: carries the types. */
    readonly types?: { readonly input: Input; readonly output: Output } | undefined
  }
}

/** The outcome of a validation: `issues` is absent where it succeeded. */
export type StandardResult<Output> = { readonly value: Output; readonly issues?: undefined } | { readonly issues: readonly StandardIssue[] }

export interface StandardIssue {
  readonly message: string
  /** From the outside in; a part is a key, or an object that has one. */
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined
}

/** What a schema takes: the value as it stands in the JSON. */
export type InputOf<S extends StandardSchema> = NonNullable<S['~standard']['types']>['input']

/** What a schema gives: with its defaults filled in and its conversions done. */
export type OutputOf<S extends StandardSchema> = NonNullable<S['~standard']['types']>['output']
