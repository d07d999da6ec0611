import { KafkaError } from '@logwerk/runtime'

/** How the records of a batch are compressed; the words of Kafka's `compression.type`. */
export type CompressionType = 'none' | 'gzip' | 'snappy' | 'lz4' | 'zstd'

/** The types that need a codec. */
export type CodecType = Exclude<CompressionType, 'none'>

/** Each type's number in the lowest three bits of a batch's attributes. Source: Kafka's `CompressionType`. */
export const compressionIds = { none: 0, gzip: 1, snappy: 2, lz4: 3, zstd: 4 } as const satisfies Record<CompressionType, number>

const types: readonly CompressionType[] = ['none', 'gzip', 'snappy', 'lz4', 'zstd']

/**
 * The type for a number from a batch's attributes.
 *
 * @throws KafkaError `CORRUPT_MESSAGE` for 5 to 7, which Kafka has not given out.
 */
export function compressionTypeOf(id: number): CompressionType {
  const type = types[id]
  if (type !== undefined) return type
  throw new KafkaError(
    'CORRUPT_MESSAGE',
    `Compression type ${id} does not exist: known are ${types.map(name => `${compressionIds[name]} ${name}`).join(', ')}`,
  )
}

/** Compresses the records of a batch and restores them. Both calls are synchronous, and the results belong to the caller. */
export interface CompressionCodec {
  readonly type: CodecType
  /**
   * @param level  Kafka's `compression.<type>.level`; left out, the type's default.
   * @throws       KafkaError `INVALID_CONFIG` for a level outside the type's range.
   */
  compress(input: Uint8Array, level?: number): Uint8Array
  /**
   * The input has to be complete. Memory is bounded by `maxBytes` and one block more, whatever the input claims.
   *
   * @param maxBytes  Most bytes that the result may have.
   * @throws          KafkaError `CORRUPT_MESSAGE` for bytes that this codec cannot have written, `MESSAGE_TOO_LARGE` for a result
   *                  beyond `maxBytes`.
   */
  decompress(input: Uint8Array, maxBytes: number): Uint8Array
}

/** The codecs of one process. They are handed in where batches are built or read; no layer below imports them. */
export interface CompressionCodecs {
  /**
   * @throws KafkaError `UNSUPPORTED_COMPRESSION_TYPE` if this platform cannot run the codec, naming what would help;
   *         `ILLEGAL_STATE` if it still has to be initialised.
   */
  get(type: CodecType): CompressionCodec
}
