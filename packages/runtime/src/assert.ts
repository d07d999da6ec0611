import { printed } from './printed.ts'

/**
 * Throws when an invariant of our own code does not hold. Never used for bad input: that gets a KafkaError.
 *
 * @param facts  Printed as JSON behind the message, so that a report from the field names the numbers.
 */
export function assert(condition: boolean, message: string, facts?: Record<string, unknown>): asserts condition {
  if (!condition) throw new AssertionError(facts === undefined ? message : `${message}: ${printed(facts)}`)
}

/** The end of a switch over a union: a case that was forgotten is a type error here, and an {@link AssertionError} at run time. */
export function assertNever(value: never): never {
  throw new AssertionError(`unexpected value: ${printed(value)}`)
}

/** A bug in Logwerk. Please report it with its message. */
export class AssertionError extends Error {
  static {
    // On the prototype, where the stack finds it: a field would not be there yet when the stack is taken.
    AssertionError.prototype.name = 'AssertionError'
  }
}
