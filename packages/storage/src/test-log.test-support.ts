import { batchesOf } from '@logwerk/protocol'
import type { World } from '@logwerk/runtime'
import { configOf } from './batches.test-support.ts'
import type { Log } from './log.ts'
import type { LogConfig } from './log-config.ts'
import { type OpenLogOptions, openLog } from './open-log.ts'

/** Opens the log of `orders-0` at `/log`, as after a clean shutdown unless something else is said. */
export function openTestLog(world: World, config: Partial<LogConfig> = {}, options: Partial<OpenLogOptions> = {}): Log {
  world.files.makeDirectory('/log')
  world.files.syncDirectoryNow('/')
  return openLog(world, {
    directory: '/log',
    topic: 'orders',
    partition: 0,
    config: configOf(config),
    cleanShutdown: true,
    recoveryPoint: 0,
    logStartOffset: 0,
    ...options,
  })
}

/** Base offsets of the batches that a read gives. */
export function offsetsRead(
  log: Log,
  offset: number,
  { maxBytes = 1 << 20, minOneBatch = true, limitOffset = log.logEndOffset } = {},
): number[] {
  return [...batchesOf(log.read(offset, { maxBytes, minOneBatch, limitOffset }))].map(batch => batch.baseOffset)
}

/** Base offsets of all batches of the log. */
export function allOffsets(log: Log): number[] {
  const offsets: number[] = []
  for (let offset = log.logStartOffset; offset < log.logEndOffset; ) {
    const batches = [...batchesOf(log.read(offset, { maxBytes: 1 << 20, minOneBatch: true, limitOffset: log.logEndOffset }))]
    if (batches.length === 0) return offsets
    offsets.push(...batches.map(batch => batch.baseOffset))
    offset = batches.at(-1)!.nextOffset
  }
  return offsets
}
