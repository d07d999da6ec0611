import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { TestCluster } from '../test-io.test-support.ts'

let cluster: TestCluster
beforeEach(async () => {
  cluster = await TestCluster.open()
  await cluster.ask('topics create --topic orders --partitions 2')
  await cluster.ask('produce --topic orders --partition 0', { stdin: ['a\nb\nc\n'] })
  await cluster.ask('produce --topic orders --partition 1', { stdin: ['d\n'] })
  await cluster.ask('consume --topic orders --group g --from-beginning --max-messages 4')
})
afterEach(() => cluster[Symbol.asyncDispose]())

async function committed(): Promise<unknown[]> {
  const [group] = await cluster.ask('groups describe --group g')
  const partitions = group?.['partitions'] as { committedOffset: number }[] | undefined
  return (partitions ?? []).map(({ committedOffset }) => committedOffset)
}

test('groups are listed and described with their lag', async () => {
  expect(await cluster.ask('groups list')).toMatchObject([{ groupId: 'g', state: 'Empty', type: 'classic' }])
  await cluster.ask('produce --topic orders --partition 1', { stdin: ['e\nf\n'] })
  const [described] = await cluster.ask('groups describe --all-groups')
  expect(described).toMatchObject({ groupId: 'g', state: 'Empty', lag: 2, members: [] })
  const { stdout } = await cluster.run('groups describe --group g', { isTTY: true, env: { NO_COLOR: '1' } })
  expect(stdout.lines).toEqual([
    'g  Empty, 0 members, lag 2 records',
    'TOPIC   PARTITION  CURRENT-OFFSET  LOG-END-OFFSET  LAG  MEMBER',
    'orders          0               3               3    0  -',
    'orders          1               1               3    2  -',
  ])
})

test('a group is deleted while it has no members, and not while it has', async () => {
  const member = cluster.start('consume --topic orders --group g')
  await cluster.simulation.advance(2000)
  const refused = await cluster.run('groups delete --group g')
  expect([refused.exitCode, refused.stderr.text]).toEqual([1, expect.stringMatching(/NON_EMPTY_GROUP.*stop its members first/)])
  const [described] = await cluster.ask('groups describe --group g')
  expect(described).toMatchObject({ state: 'Stable', assignor: 'cooperative-sticky', members: [{ clientId: 'logwerk' }] })
  member.io.interrupt()
  expect(await cluster.simulation.runUntil(member.ended)).toBe(0)
  expect(await cluster.ask('groups delete --group g')).toEqual([{ groupId: 'g', deleted: true }])
  const gone = await cluster.run('groups describe --group g')
  expect([gone.exitCode, gone.stderr.text]).toEqual([1, expect.stringContaining('GROUP_ID_NOT_FOUND')])
})

describe('resetting offsets', () => {
  test('changes nothing without --execute', async () => {
    expect(await cluster.ask('groups reset-offsets --group g --topic orders --to-earliest')).toEqual([
      { groupId: 'g', topic: 'orders', partition: 0, oldOffset: 3, newOffset: 0, executed: false },
      { groupId: 'g', topic: 'orders', partition: 1, oldOffset: 1, newOffset: 0, executed: false },
    ])
    expect(await committed()).toEqual([3, 1])
  })

  test.each([
    ['--topic orders --to-earliest', [0, 0]],
    ['--topic orders:0 --to-earliest', [0, 1]],
    ['--all-topics --to-offset 2', [2, 1]],
    ['--topic orders:1 --to-offset 0', [3, 0]],
    ['--topic orders --to-datetime 2027-01-01', [3, 1]],
    ['--topic orders --to-datetime 2025-12-31T23:59:59', [0, 0]],
  ])('%s', async (target, offsets) => {
    await cluster.ask(`groups reset-offsets --group g ${target} --execute`)
    expect(await committed()).toEqual(offsets)
  })

  test('to the end leaves out what nobody has read, and a group that does not exist is made', async () => {
    await cluster.ask('produce --topic orders --partition 1', { stdin: ['e\n'] })
    await cluster.ask('groups reset-offsets --group g --all-topics --to-latest --execute')
    expect(await committed()).toEqual([3, 2])
    await cluster.ask('groups reset-offsets --group new --topic orders --to-latest --execute')
    expect(await cluster.ask('groups list')).toMatchObject([{ groupId: 'g' }, { groupId: 'new' }])
  })

  test('is refused while the group has members', async () => {
    const member = cluster.start('consume --topic orders --group g')
    await cluster.simulation.advance(2000)
    const { exitCode, stderr } = await cluster.run('groups reset-offsets --group g --topic orders --to-earliest --execute')
    expect([exitCode, stderr.text]).toEqual([1, expect.stringContaining('the group has members')])
    member.io.interrupt()
    await cluster.simulation.runUntil(member.ended)
  })
})
