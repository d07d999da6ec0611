import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { TestCluster } from '../test-io.test-support.ts'
import { movedShareOf } from './add-partitions.ts'

let cluster: TestCluster
beforeEach(async () => {
  cluster = await TestCluster.open()
})
afterEach(() => cluster[Symbol.asyncDispose]())

test('topics are created, listed, described and deleted', async () => {
  expect(await cluster.ask('topics create --topic orders --partitions 3 --config cleanup.policy=compact --config retention.ms=5')).toEqual([
    { topic: 'orders', created: true, partitionCount: 3, id: expect.any(String) },
  ])
  expect(await cluster.ask('topics list')).toEqual([{ name: 'orders', id: expect.any(String), isInternal: false, partitionCount: 3 }])
  await cluster.ask('produce --topic orders --partition 1 --key-separator =', { stdin: ['a=1\nb=2\n'] })
  const [described] = await cluster.ask('topics describe --topic orders')
  expect(described).toMatchObject({
    name: 'orders',
    configs: { 'cleanup.policy': 'compact', 'retention.ms': '5' },
    partitions: [
      { partition: 0, leader: 1, logStartOffset: 0, logEndOffset: 0 },
      { partition: 1, leader: 1, logStartOffset: 0, logEndOffset: 2 },
      { partition: 2, leader: 1, logStartOffset: 0, logEndOffset: 0 },
    ],
  })
  expect(await cluster.ask('topics delete --topic orders')).toEqual([{ topic: 'orders', deleted: true }])
  expect(await cluster.ask('topics list')).toEqual([])
})

test('people see tables, and what to do where there is nothing', async () => {
  expect((await cluster.run('topics list', { isTTY: true, env: { NO_COLOR: '1' } })).stdout.lines).toEqual([
    'There are no topics yet. logwerk topics create --topic NAME makes one.',
  ])
  await cluster.ask('topics create --topic orders --partitions 2')
  await cluster.ask('produce --topic orders --partition 1', { stdin: ['a\n'] })
  const { stdout } = await cluster.run('topics describe', { isTTY: true, env: { NO_COLOR: '1' } })
  expect(stdout.lines).toEqual([
    'orders  2 partitions, 1 record',
    'PARTITION  LEADER  LOG-START-OFFSET  LOG-END-OFFSET',
    '        0       1                 0               0',
    '        1       1                 0               1',
  ])
  expect((await cluster.run('topics list --json', { isTTY: true })).stdout.objects).toMatchObject([{ name: 'orders' }])
})

test('what exists, or does not, is an error unless an option is content with it', async () => {
  await cluster.ask('topics create --topic a')
  const again = await cluster.run('topics create --topic a')
  expect([again.exitCode, again.stderr.text]).toEqual([
    1,
    expect.stringMatching(/^error: topic a: .*TOPIC_ALREADY_EXISTS.*--if-not-exists/),
  ])
  expect(await cluster.ask('topics create --topic a --if-not-exists')).toEqual([{ topic: 'a', created: false }])
  const missing = await cluster.run('topics delete --topic b')
  expect([missing.exitCode, missing.stderr.text]).toEqual([
    1,
    expect.stringMatching(/^error: topic b: .*UNKNOWN_TOPIC_OR_PARTITION.*logwerk topics list/),
  ])
  expect(await cluster.ask('topics delete --topic b --if-exists')).toEqual([{ topic: 'b', deleted: false }])
})

test('what can be deleted is, and every topic that cannot is named', async () => {
  await cluster.ask('topics create --topic b')
  const { exitCode, stdout, stderr } = await cluster.run('topics delete --topic a --topic b --topic c')
  expect([exitCode, stdout.objects]).toEqual([1, [{ topic: 'b', deleted: true }]])
  expect(stderr.lines).toEqual([expect.stringMatching(/^error: topic a: /), expect.stringMatching(/^error: topic c: /)])
})

test('a replication factor that one broker cannot have is refused with the way out', async () => {
  const { exitCode, stderr } = await cluster.run('topics create --topic a --replication-factor 3')
  expect(exitCode).toBe(1)
  expect(stderr.text).toMatch(/INVALID_REPLICATION_FACTOR/)
})

describe('adding partitions', () => {
  test('says how many keys move and what to do instead, and does it unless it is a dry run', async () => {
    await cluster.ask('topics create --topic orders --partitions 3')
    const dry = await cluster.run('topics add-partitions --topic orders --partitions 6 --dry-run')
    expect(dry.stdout.objects).toEqual([{ topic: 'orders', previousPartitionCount: 3, partitionCount: 6, movedShare: 0.5, dryRun: true }])
    expect((await cluster.ask('topics describe'))[0]).toMatchObject({ partitions: { length: 3 } })
    const { exitCode, stderr } = await cluster.run('topics add-partitions --topic orders --partitions 6')
    expect(exitCode).toBe(0)
    expect(stderr.text).toContain('keys move: about 50 % of the keys')
    expect(stderr.text).toContain('logwerk consume --topic orders --from-beginning')
    expect((await cluster.ask('topics describe'))[0]).toMatchObject({ partitions: { length: 6 } })
  })

  test('the lines it tells to type instead copy the topic, each key to one partition of the new one', async () => {
    await cluster.ask('topics create --topic orders --partitions 2')
    const keys = Array.from({ length: 40 }, (_, index) => `k${index % 20}`)
    const lines = keys.map((key, index) => `${key}:${index}`).join('\n')
    await cluster.ask('produce --topic orders --key-separator :', { stdin: [lines] })
    const { stderr } = await cluster.run('topics add-partitions --topic orders --partitions 5 --dry-run --bootstrap-server localhost:9092')
    const told = stderr.lines.filter(line => line.startsWith('    logwerk') || line.startsWith('      logwerk'))
    const [consume = '', produce = ''] = told.map(line =>
      line
        .trim()
        .replace(/^logwerk /, '')
        .replace(/ \|$/, ''),
    )
    await cluster.ask('topics create --topic NEW --partitions 5')
    const { stdout } = await cluster.run(consume)
    await cluster.ask(produce, { stdin: [stdout.text] })
    const copied = await cluster.ask('consume --topic NEW --from-beginning --max-messages 40')
    for (const key of new Set(keys)) {
      const ofKey = copied.filter(record => record['key'] === key)
      expect(ofKey.map(({ value }) => Number(value))).toEqual(keys.flatMap((other, index) => (other === key ? [index] : [])))
      expect(new Set(ofKey.map(({ partition }) => partition)).size).toBe(1)
    }
    expect(new Set(copied.map(({ partition }) => partition)).size).toBe(5)
  })

  test('to fewer than there are is refused', async () => {
    await cluster.ask('topics create --topic orders --partitions 3')
    const { exitCode, stderr } = await cluster.run('topics add-partitions --topic orders --partitions 2')
    expect([exitCode, stderr.text]).toEqual([1, expect.stringContaining('INVALID_PARTITIONS')])
  })

  test.each([
    [3, 6],
    [4, 6],
    [1, 7],
    [10, 12],
    [5, 7],
  ])('the share of keys that move from %i to %i partitions is what counting gives', (from, to) => {
    const hashes = Array.from({ length: from * to * 4 }, (_, hash) => hash)
    expect(movedShareOf(from, to)).toBeCloseTo(hashes.filter(hash => hash % from !== hash % to).length / hashes.length, 10)
  })
})
