import { KafkaError } from '@logwerk/runtime'
import type { DemoOptions } from './options.ts'

/** Why a start failed, in the words that the reader needs: what, where, and what to do now. */
export function explained(error: unknown, options: DemoOptions): string {
  const chain = chainOf(error)
  const full = chain.find(isFullDisk)
  if (full !== undefined) {
    const text =
      full instanceof KafkaError ? `${full.code}: ${full.message}` : `What holds ${options.dataDir} takes no more (${full.message})`
    return `${text}\nFree some room and start again: it goes on where it stopped, and what was stored is still there.`
  }
  const [first] = chain
  if (!(first instanceof KafkaError)) {
    // Nobody's input was wrong, so whoever looks for it needs the place.
    return `${first?.stack ?? String(error)}\n${beginAnew(options)}`
  }
  const text = `${first.code}: ${first.message}`
  return ABOUT_SURROUNDINGS.has(first.code) ? text : `${text}\n${beginAnew(options)}`
}

/** The way out of data that is not what it should be. */
export function beginAnew({ dataDir }: DemoOptions): string {
  return `To begin anew, remove the directory ${dataDir}, or name another one: npm start -- --data-dir DIR`
}

/** Errors that another data directory would not cure, or that say themselves what to do. */
const ABOUT_SURROUNDINGS: ReadonlySet<string> = new Set(['DIRECTORY_LOCKED', 'ADDRESS_IN_USE', 'INVALID_CONFIG', 'STORAGE_ERROR'])

/**
 * The error and its causes. What `await using` met on the way out comes last: it follows from the error, which it hides in a
 * SuppressedError.
 */
function chainOf(error: unknown): readonly Error[] {
  if (!(error instanceof Error)) return []
  if (error.name === 'SuppressedError') {
    const { suppressed, error: later } = error as Error & { readonly suppressed?: unknown; readonly error?: unknown }
    return [...chainOf(suppressed), ...chainOf(later)]
  }
  return [error, ...chainOf(error.cause)]
}

function isFullDisk(error: Error): boolean {
  return /ENOSPC|EDQUOT|EFBIG/.test(error.message)
}
