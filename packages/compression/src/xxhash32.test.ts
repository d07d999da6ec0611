import { expect, test } from 'vitest'
import { generate, referenceChecksums } from './golden.test-support.ts'
import { xxhash32 } from './xxhash32.ts'

test.each(referenceChecksums.values)('$sizeBytes bytes', ({ sizeBytes, xxhash32: expected }) => {
  const bytes = generate({ generator: 'random', seed: referenceChecksums.seed, sizeBytes })
  expect(xxhash32(bytes)).toBe(expected)
  expect(xxhash32(Buffer.concat([Buffer.alloc(3, 9), bytes, Buffer.alloc(20, 9)]), 3, 3 + sizeBytes)).toBe(expected)
})
