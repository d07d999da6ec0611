import { KafkaError, TimeoutError } from '@logwerk/runtime'

/** An item of a call that failed, and why. */
export interface Failure {
  /** Names the item in messages: "topic orders", "orders-3", "group billing". */
  readonly name: string
  readonly error: KafkaError
}

/** Failures that a message spells out; all of them are in its cause. */
const NAMED_COUNT = 20

/**
 * The one error of a call that acts on several things: the code is that of the first failure, the message names every item that
 * failed and says whether others are done, and `cause` is an AggregateError of all of them, in the order of the call. A call about
 * a single item, or whose items all failed by one and the same error, fails with that error itself.
 *
 * @param failures  At least one.
 */
export function errorOf(call: string, itemCount: number, failures: readonly Failure[], changes: boolean): KafkaError {
  const { error: first } = failures[0]!
  if (itemCount === 1 || (failures.length === itemCount && failures.every(({ error }) => error === first))) return first
  const doneCount = itemCount - failures.length
  const done = !changes || doneCount === 0 ? '' : doneCount === 1 ? ', the other one is done' : `, the other ${doneCount} are done`
  const named = failures.slice(0, NAMED_COUNT).map(({ name, error }) => {
    return error.message.startsWith(name) ? error.message : `${name}: ${error.message}`
  })
  const more = failures.length > NAMED_COUNT ? `; and ${failures.length - NAMED_COUNT} more, which the cause lists` : ''
  const message = `${call}: ${failures.length} of ${itemCount} failed${done}: ${named.join('; ')}${more}`
  return new KafkaError(first.code, message, {
    at: first.at,
    retriable: failures.every(({ error }) => error.retriable),
    cause: new AggregateError(
      failures.map(({ error }) => error),
      message,
    ),
  })
}

/** What an item fails with when the time is over; `last` is why its last attempt failed, null if there was no answer at all. */
export function timeoutOf(call: string, timeoutMs: number, last: KafkaError | null, changes: boolean): TimeoutError {
  const why = last === null ? '' : `: ${last.message}`
  const doubt = changes ? '; it may have been carried out all the same' : ''
  return new TimeoutError(`${call} did not succeed within ${timeoutMs} ms${why}${doubt}`, {
    at: last?.at ?? {},
    cause: last ?? undefined,
  })
}

/** A refusal that may be the echo of an attempt whose answer was lost: "exists already", "is unknown". */
export function doubtfulOf(error: KafkaError): KafkaError {
  return new KafkaError(error.code, `${error.message}; an earlier attempt of this call got no answer and may have been carried out`, {
    at: error.at,
    retriable: error.retriable,
    cause: error,
  })
}
