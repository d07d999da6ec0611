import { KafkaError } from '@logwerk/runtime'
import type { Context } from './command.ts'
import { reportError } from './report-error.ts'

/**
 * Runs `body` for every name, also for those behind one that was refused. Every refusal is said, the last one by whoever called the command.
 *
 * @throws the last refusal; at once whatever says nothing about the name alone, such as a broker that is gone.
 */
export async function eachOf(names: readonly string[], { io }: Pick<Context, 'io'>, body: (name: string) => Promise<void>): Promise<void> {
  const refusals: KafkaError[] = []
  for (const name of names) {
    try {
      await body(name)
    } catch (error) {
      if (!(error instanceof KafkaError) || PASSING.has(error.code)) throw error
      refusals.push(error)
    }
  }
  const last = refusals.pop()
  for (const refusal of refusals) reportError(refusal, io)
  if (last !== undefined) throw last
}

const PASSING: ReadonlySet<string> = new Set(['REQUEST_TIMED_OUT', 'NETWORK_EXCEPTION', 'NOT_KAFKA', 'CLOSED'])
