export type { Codecs } from './codecs.ts'
export { createCodecs } from './codecs.ts'
export type { LevelRange } from './levels.ts'
export { compressionLevels, levelOf } from './levels.ts'
