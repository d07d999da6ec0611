import type { Clock } from './clock.ts'
import type { Files } from './files.ts'
import type { Logger } from './logger.ts'
import type { Network, Resolve } from './network.ts'
import type { Random } from './random.ts'

/**
 * Everything outside the process, in one object. Every public constructor takes one as `world`; the default is Node's
 * ({@link nodeWorld}). `@logwerk/runtime/simulated` has the one for tests.
 */
export interface World {
  readonly clock: Clock
  readonly random: Random
  readonly network: Network
  readonly files: Files
  readonly resolve: Resolve
  readonly log: Logger
  /**
   * An optional native package by name, or null if it is not installed or does not load here. Looked up once. Always null in
   * simulation, so that a seed replays on every machine.
   */
  readonly native: (packageName: string) => unknown
}
