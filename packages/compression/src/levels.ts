import type { CodecType } from '@logwerk/protocol'
import { KafkaError } from '@logwerk/runtime'

/** The levels of one type; `default` may lie outside the range, as gzip's -1 does. */
export interface LevelRange {
  readonly min: number
  readonly max: number
  readonly default: number
}

/**
 * What `compression.<type>.level` takes. Snappy has no levels.
 * Source: KIP-390, and Kafka's `GzipCompression`, `Lz4Compression`, `ZstdCompression`.
 */
export const compressionLevels = {
  gzip: { min: 1, max: 9, default: -1 },
  lz4: { min: 1, max: 17, default: 9 },
  zstd: { min: -131_072, max: 22, default: 3 },
} as const satisfies Record<Exclude<CodecType, 'snappy'>, LevelRange>

/**
 * The level to use: the default where `level` is undefined.
 *
 * @throws KafkaError `INVALID_CONFIG` for a level that the type does not have.
 */
export function levelOf(type: keyof typeof compressionLevels, level: number | undefined): number {
  const range: LevelRange = compressionLevels[type]
  if (level === undefined || level === range.default) return range.default
  if (Number.isInteger(level) && level >= range.min && level <= range.max) return level
  throw new KafkaError(
    'INVALID_CONFIG',
    `compression.${type}.level is ${level}: it takes a whole number from ${range.min} to ${range.max}; left out it is ${range.default}`,
  )
}
