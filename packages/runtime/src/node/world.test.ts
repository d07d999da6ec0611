import { expect, test, vi } from 'vitest'
import { nodeClock } from './clock.ts'
import { nodeFiles } from './files.ts'
import { loadNative } from './native.ts'
import { nodeNetwork, nodeResolve } from './network.ts'
import { nodeRandom } from './random.ts'
import { nodeWorld } from './world.ts'

test('is made of what Node has', () => {
  expect(nodeWorld).toEqual({
    clock: nodeClock,
    random: nodeRandom,
    network: nodeNetwork,
    files: nodeFiles,
    resolve: nodeResolve,
    native: loadNative,
    log: nodeWorld.log,
  })
})

test('logs warnings and errors to standard error, a line each, and is quiet about the rest', () => {
  const lines: string[] = []
  const write = vi.spyOn(process.stderr, 'write').mockImplementation(line => lines.push(String(line)) > 0)
  try {
    nodeWorld.log.debug('debug')
    nodeWorld.log.info('info', { a: 1 })
    nodeWorld.log.warn('a slow disk', { path: '/data', tookMs: 5 })
    nodeWorld.log.error('gone', { why: 'two\nlines' })
  } finally {
    write.mockRestore()
  }
  const time = '\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z'
  expect(lines).toEqual([
    expect.stringMatching(new RegExp(`^${time} WARN a slow disk path=/data tookMs=5\n$`)),
    expect.stringMatching(new RegExp(`^${time} ERROR gone why="two\\\\nlines"\n$`)),
  ])
})
