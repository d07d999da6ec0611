import type { CodecType, CompressionCodec, CompressionCodecs } from '@logwerk/protocol'
import { KafkaError, nodeWorld, type World } from '@logwerk/runtime'
import { gzip } from './gzip.ts'
import { createLz4 } from './lz4.ts'
import { lz4Blocks } from './lz4-block.ts'
import { nativeLz4Blocks } from './lz4-native.ts'
import { snappy } from './snappy.ts'
import { createZstd } from './zstd.ts'
import { nodeZstd } from './zstd-node.ts'
import { loadZstdWasm } from './zstd-wasm.ts'

/** All of Kafka's codecs. */
export interface Codecs extends CompressionCodecs {
  /**
   * Initialises zstd; gzip, snappy and lz4 need nothing. A client or a broker awaits it once, before its first batch. Never rejects:
   * where zstd cannot run, only `get('zstd')` fails.
   */
  ready(): Promise<void>
}

/**
 * The codecs, each with the fastest implementation that `world` offers: blocks of lz4 by the optional package `lz4-napi`, else by
 * TypeScript; zstd by `node:zlib` (Node 22.15 and newer), else by WebAssembly. A simulated world has nothing native, so that a seed
 * replays alike on every machine.
 */
export function createCodecs(world: Pick<World, 'native'> = nodeWorld): Codecs {
  let lz4: CompressionCodec | undefined
  let zstd: CompressionCodec | undefined
  let initialised: Promise<void> | undefined
  let failure: unknown

  function get(type: CodecType): CompressionCodec {
    switch (type) {
      case 'gzip':
        return gzip
      case 'snappy':
        return snappy
      case 'lz4':
        lz4 ??= createLz4(nativeLz4Blocks(world.native('lz4-napi')) ?? lz4Blocks)
        return lz4
      case 'zstd':
        zstd ??= zstdOfNode(world)
        if (zstd === undefined) throw zstdMissing(failure)
        return zstd
      default:
        throw new KafkaError('UNSUPPORTED_COMPRESSION_TYPE', `There is no codec for compression type ${String(type satisfies never)}`)
    }
  }

  async function initialise(): Promise<void> {
    zstd ??= zstdOfNode(world)
    if (zstd !== undefined) return
    try {
      zstd = createZstd(await loadZstdWasm())
    } catch (error) {
      failure = error
    }
  }

  return {
    get,
    ready() {
      initialised ??= initialise()
      return initialised
    },
  }
}

function zstdOfNode(world: Pick<World, 'native'>): CompressionCodec | undefined {
  const engine = nodeZstd(world.native('node:zlib'))
  return engine === null ? undefined : createZstd(engine)
}

function zstdMissing(failure: unknown): KafkaError {
  return failure === undefined
    ? new KafkaError('ILLEGAL_STATE', 'zstd is not initialised: await ready() of the codecs before the first batch')
    : new KafkaError(
        'UNSUPPORTED_COMPRESSION_TYPE',
        'zstd cannot run here: Node before 22.15 has none, and WebAssembly did not load. Update Node, or choose gzip, lz4 or snappy',
        { cause: failure },
      )
}
