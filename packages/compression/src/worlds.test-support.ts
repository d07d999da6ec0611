import type { CodecType, CompressionCodec } from '@logwerk/protocol'
import { nodeWorld } from '@logwerk/runtime'
import { type Codecs, createCodecs } from './codecs.ts'

export const codecTypes: readonly CodecType[] = ['gzip', 'snappy', 'lz4', 'zstd']

/** With whatever native parts this machine has, and with none, as in simulation. */
export const codecsByWorld: readonly (readonly [world: string, codecs: Codecs])[] = [
  ['native', createCodecs(nodeWorld)],
  ['fallback', createCodecs({ native: () => null })],
]
await Promise.all(codecsByWorld.map(([, codecs]) => codecs.ready()))

/** Every implementation of every codec, with a name for the test's title. Gzip and snappy have one that serves both worlds. */
export const implementations: readonly (readonly [name: string, codec: CompressionCodec])[] = [
  ...new Map(codecsByWorld.flatMap(([world, codecs]) => codecTypes.map(type => [codecs.get(type), `${type}, ${world}`] as const))),
].map(([codec, name]) => [name, codec])
