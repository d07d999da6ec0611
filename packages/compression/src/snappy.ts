import type { CompressionCodec } from '@logwerk/protocol'
import { KafkaError } from '@logwerk/runtime'
import { decodeXerial, encodeXerial } from './xerial.ts'

/** Kafka's `snappy`: written with the framing of the Java client, read with and without it. */
export const snappy: CompressionCodec = {
  type: 'snappy',
  compress(input, level) {
    if (level !== undefined)
      throw new KafkaError('INVALID_CONFIG', `A compression level of ${level} was given for snappy, which has no levels`)
    return encodeXerial(input)
  },
  decompress: decodeXerial,
}
