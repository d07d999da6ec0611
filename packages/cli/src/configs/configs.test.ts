import { afterEach, beforeEach, expect, test } from 'vitest'
import { TestCluster } from '../test-io.test-support.ts'
import { splitConfigs } from './alter.ts'

let cluster: TestCluster
beforeEach(async () => {
  cluster = await TestCluster.open()
  await cluster.ask('topics create --topic orders')
})
afterEach(() => cluster[Symbol.asyncDispose]())

const TOPIC = '--entity-type topics --entity-name orders'

test('configs are set, shown and put back', async () => {
  expect(await cluster.ask(`configs describe ${TOPIC}`)).toEqual([])
  await cluster.ask(`configs alter ${TOPIC} --add-config retention.ms=5,cleanup.policy=[compact,delete] --add-config segment.ms=7`)
  expect(await cluster.ask(`configs describe ${TOPIC}`)).toMatchObject([
    { name: 'cleanup.policy', value: 'compact,delete', source: 'DYNAMIC_TOPIC_CONFIG' },
    { name: 'retention.ms', value: '5' },
    { name: 'segment.ms', value: '7' },
  ])
  await cluster.ask(`configs alter ${TOPIC} --delete-config retention.ms,segment.ms`)
  expect(await cluster.ask(`configs describe ${TOPIC}`)).toMatchObject([{ name: 'cleanup.policy' }])
})

test('a dry run checks and changes nothing', async () => {
  await cluster.ask(`configs alter ${TOPIC} --add-config retention.ms=5 --dry-run`)
  expect(await cluster.ask(`configs describe ${TOPIC}`)).toEqual([])
  const { exitCode } = await cluster.run(`configs alter ${TOPIC} --add-config retention.ms=x --dry-run`)
  expect(exitCode).toBe(1)
})

test('an unknown config is refused with the one that may have been meant', async () => {
  const { exitCode, stderr } = await cluster.run(`configs alter ${TOPIC} --add-config retention.mss=5`)
  expect([exitCode, stderr.text]).toEqual([1, expect.stringMatching(/^error: topic orders: .*did you mean retention\.ms\?/)])
})

test('an unknown config cannot be put back either: it would look done', async () => {
  const { exitCode, stderr } = await cluster.run(`configs alter ${TOPIC} --delete-config retention.mss`)
  expect([exitCode, stderr.text]).toEqual([
    1,
    'error: topic orders: there is no config retention.mss to put back; did you mean retention.ms? (INVALID_CONFIG)\n',
  ])
  await cluster.ask(`configs alter ${TOPIC} --delete-config retention.ms`)
})

test('of a broker the defaults are shown only when they are asked for, and people are told that they are there', async () => {
  const set = await cluster.ask('configs describe --entity-type brokers --entity-name 1')
  const all = await cluster.ask('configs describe --entity-type brokers --entity-name 1 --all')
  expect(all.length).toBeGreaterThan(set.length)
  const { stdout } = await cluster.run('configs describe --entity-type brokers --entity-name 1', { isTTY: true, env: { NO_COLOR: '1' } })
  expect(stdout.lines.at(-1)).toBe(`${all.length - set.length} configs with the default value: --all shows them.`)
})

test.each([
  ['a=1', ['a=1']],
  ['a=1,b=2', ['a=1', 'b=2']],
  ['a=[x,y],b=2', ['a=[x,y]', 'b=2']],
  ['a=[x=1,y=2],b.c-d=3', ['a=[x=1,y=2]', 'b.c-d=3']],
  ['a=x,y', ['a=x,y']],
])('%s is taken apart as Kafka does', (text, parts) => {
  expect(splitConfigs(text)).toEqual(parts)
})
