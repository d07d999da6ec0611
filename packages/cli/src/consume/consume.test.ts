import { replaceFile } from '@logwerk/runtime'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { TestCluster } from '../test-io.test-support.ts'

let cluster: TestCluster
beforeEach(async () => {
  cluster = await TestCluster.open()
  await cluster.ask('topics create --topic orders --partitions 3')
})
afterEach(() => cluster[Symbol.asyncDispose]())

async function valuesOf(line: string): Promise<unknown[]> {
  return (await cluster.ask(line)).map(({ value }) => value)
}

describe('produce', () => {
  test('sends lines with keys, and tells where they went', async () => {
    const [summary] = await cluster.ask('produce --topic orders --key-separator : --header source=test', { stdin: ['a:1\nb', ':2\na:3'] })
    expect(summary).toMatchObject({ topic: 'orders', recordCount: 3, failedCount: 0 })
    const records = await cluster.ask('consume --topic orders --from-beginning --timeout-ms 1000')
    expect(records.map(({ key, value }) => `${key}=${value}`).sort()).toEqual(['a=1', 'a=3', 'b=2'])
    expect(records[0]).toMatchObject({ headers: [{ key: 'source', value: 'test' }] })
    const ofA = records.filter(({ key }) => key === 'a')
    expect(new Set(ofA.map(({ partition }) => partition)).size).toBe(1)
  })

  test('takes a space for the separator of keys', async () => {
    await cluster.run(['produce', '--topic', 'orders', '--key-separator', ' '], { stdin: ['k v w\n'] })
    expect(await cluster.ask('consume --topic orders --from-beginning --max-messages 1')).toMatchObject([{ key: 'k', value: 'v w' }])
  })

  test('reads a file', async () => {
    replaceFile(cluster.simulation.files, '/lines', Buffer.from('x\ny\n'))
    await cluster.ask('produce --topic orders --file /lines')
    expect((await valuesOf('consume --topic orders --from-beginning --timeout-ms 1000')).sort()).toEqual(['x', 'y'])
  })

  test('a line that is no record ends it with its number; the lines before are there', async () => {
    const { exitCode, stdout, stderr } = await cluster.run('produce --topic orders --format json', {
      stdin: ['{"value":"a"}\nb\n{"value":"c"}\n'],
    })
    expect([exitCode, stderr.text]).toEqual([1, 'error: line 2: this is not JSON; --format text sends lines as they are\n'])
    expect(stdout.objects).toMatchObject([{ recordCount: 1 }])
    expect(await valuesOf('consume --topic orders --from-beginning --timeout-ms 1000')).toEqual(['a'])
  })

  test('a record that is too large is an error that names the limits', async () => {
    const { exitCode, stderr } = await cluster.run('produce --topic orders', { stdin: ['x'.repeat(2_000_000)] })
    expect([exitCode, stderr.text]).toEqual([
      1,
      expect.stringMatching(
        /^error: a record was not delivered: orders-\d: .*maxRequestSize.*MESSAGE_TOO_LARGE.*--command-property max\.request\.size=N/,
      ),
    ])
  })

  test('a record that was not delivered is a failure also where nobody reads the summary', async () => {
    const { exitCode, stderr } = await cluster.run('produce --topic orders', { stdin: ['x'.repeat(2_000_000)], closesAfterLines: 1 })
    expect([exitCode, stderr.text]).toEqual([1, expect.stringMatching(/^error: a record was not delivered/)])
  })

  test('a partition that is not there is an error that names those that are', async () => {
    const { exitCode, stderr } = await cluster.run('produce --topic orders --partition 7', { stdin: ['x\n'] })
    expect([exitCode, stderr.text]).toEqual([1, expect.stringContaining('topic orders has the partitions 0 to 2, not 7')])
  })

  test('an interrupt ends the reading and delivers what was read', async () => {
    const { io, ended } = cluster.start('produce --topic orders', { stdin: 'open' })
    await cluster.simulation.advance(1000)
    io.interrupt()
    expect(await cluster.simulation.runUntil(ended)).toBe(0)
    expect(io.stdout.objects).toMatchObject([{ recordCount: 0 }])
  })
})

describe('consume', () => {
  test('what it prints can be produced again, byte for byte', async () => {
    const lines = [
      { key: 'k', value: 'v', timestamp: 5, partition: 2, headers: [{ key: 'h', value: null }] },
      { key: null, valueBase64: '/wA=', timestamp: 6, partition: 2 },
      { keyBase64: '/g==', value: null, timestamp: 7, partition: 2 },
    ]
    await cluster.ask('topics create --topic copy --partitions 3')
    await cluster.ask('produce --topic orders --format json', { stdin: [lines.map(line => JSON.stringify(line)).join('\n')] })
    const { stdout } = await cluster.run('consume --topic orders --from-beginning --max-messages 3')
    await cluster.ask('produce --topic copy --format json', { stdin: [stdout.text] })
    expect(await cluster.ask('consume --topic copy --from-beginning --max-messages 3')).toEqual(
      lines.map((line, offset) => ({ ...line, topic: 'copy', offset })),
    )
  })

  test('without options it begins at the end and goes on until it is interrupted', async () => {
    await cluster.ask('produce --topic orders', { stdin: ['before\n'] })
    const { io, ended } = cluster.start('consume --topic orders')
    await cluster.simulation.advance(2000)
    await cluster.ask('produce --topic orders', { stdin: ['after\n'] })
    await cluster.simulation.advance(2000)
    io.interrupt()
    expect(await cluster.simulation.runUntil(ended)).toBe(0)
    expect(io.stdout.objects).toMatchObject([{ value: 'after' }])
    expect(io.stderr.lines).toEqual(['1 record.'])
  })

  test('one partition from an offset, so many records', async () => {
    await cluster.ask('produce --topic orders --partition 1', { stdin: ['a\nb\nc\nd\n'] })
    expect(await valuesOf('consume --topic orders --partition 1 --offset 1 --max-messages 2')).toEqual(['b', 'c'])
    expect(await valuesOf('consume --topic orders --partition 1 --offset earliest --max-messages 1')).toEqual(['a'])
    expect(await valuesOf('consume --topic orders --partition 1 --offset latest --timeout-ms 100')).toEqual([])
  })

  test('a group goes on behind the last record that was printed, though more had been fetched', async () => {
    await cluster.ask('produce --topic orders --partition 1', { stdin: ['a\nb\nc\nd\n'] })
    expect(await valuesOf('consume --topic orders --group g --from-beginning --max-messages 3')).toEqual(['a', 'b', 'c'])
    expect(await valuesOf('consume --topic orders --group g --timeout-ms 2000')).toEqual(['d'])
  })

  test('a closed pipe ends it quietly, and what nobody saw is not committed', async () => {
    await cluster.ask('produce --topic orders --partition 1', { stdin: ['a\nb\n'] })
    const { exitCode, stderr } = await cluster.run('consume --topic orders --group g --from-beginning', { closesAfterLines: 1 })
    expect([exitCode, stderr.text]).toEqual([0, ''])
    expect(await valuesOf('consume --topic orders --group g --from-beginning --timeout-ms 2000')).toEqual(['a', 'b'])
  })

  test('an output that takes no more, as on a full disk, is an error; what was not written is not committed', async () => {
    await cluster.ask('produce --topic orders --partition 1', { stdin: ['a\nb\n'] })
    const { exitCode, stderr } = await cluster.run('consume --topic orders --group g --from-beginning', {
      closesAfterLines: 1,
      isFull: true,
    })
    expect([exitCode, stderr.text]).toEqual([1, 'error: the output cannot be written\n'])
    expect(await valuesOf('consume --topic orders --group g --from-beginning --timeout-ms 2000')).toEqual(['a', 'b'])
    const list = await cluster.run('topics list', { closesAfterLines: 1, isFull: true })
    expect([list.exitCode, list.stderr.text]).toEqual([1, 'error: the output cannot be written\n'])
  })

  test('people get lines of text', async () => {
    await cluster.ask('produce --topic orders --partition 1 --key-separator =', { stdin: ['k=v\n'] })
    const { stdout } = await cluster.run('consume --topic orders --from-beginning --max-messages 1', {
      isTTY: true,
      env: { NO_COLOR: '1' },
    })
    expect(stdout.lines).toEqual([expect.stringMatching(/^orders-1 0 {2}2026-01-01T00:00:0\d\.\d{3}Z {2}k {2}v$/)])
  })

  test('an unknown topic, and a partition that is not there, are errors', async () => {
    const unknown = await cluster.run('consume --topic nope')
    expect([unknown.exitCode, unknown.stderr.text]).toEqual([1, expect.stringMatching(/^error: topic nope: .*logwerk topics create/)])
    const outside = await cluster.run('consume --topic orders --partition 3')
    expect([outside.exitCode, outside.stderr.text]).toEqual([1, expect.stringContaining('topic orders has the partitions 0 to 2, not 3')])
  })
})
