import type { Admin, GroupDescription, PartitionLag } from '@logwerk/admin'
import { KafkaError } from '@logwerk/runtime'
import { clientOptions } from '../client-options.ts'
import { type Context, defineCommand } from '../command.ts'
import { withAdmin } from '../connect.ts'
import { formatCount, formatCounted } from '../numbers.ts'
import { many, toggle } from '../option.ts'
import { UsageError } from '../usage-error.ts'

/** `logwerk groups describe`. */
export const describeGroups = defineCommand({
  description: [
    'Shows how far a group has come in each partition: the offset that it has committed, the end of the log, and the records between them, which are its lag.',
  ],
  options: {
    group: many('NAME', 'A group.'),
    allGroups: toggle('All groups.'),
    ...clientOptions,
  },
  examples: [
    ['logwerk groups describe --group billing', 'one group'],
    ["logwerk groups describe --all-groups | jq '{groupId, lag}'", 'the lag of every group, for a program'],
  ],
  run: async (values, context) => {
    if (values.group.length === 0 && !values.allGroups)
      throw new UsageError('--group NAME is missing; --all-groups takes all', context.command)
    if (values.group.length > 0 && values.allGroups) throw new UsageError('give --group or --all-groups, not both', context.command)
    await withAdmin(values, context, async admin => {
      const { stopped: signal, print } = context
      const groupIds = values.allGroups ? (await admin.listGroups({ signal })).map(({ groupId }) => groupId) : values.group
      if (groupIds.length === 0) print.say('There are no groups.')
      for (const [index, groupId] of groupIds.entries()) {
        const group = await describe(admin, groupId, signal)
        const partitions = await admin.groupLag(groupId, { signal })
        const lag = lagOf(partitions)
        print.json({
          groupId,
          ...group,
          lag,
          partitions: partitions.map(partition => ({ ...partition, member: partition.member?.memberId ?? null })),
        })
        if (!print.isHuman) continue
        if (index > 0) print.say()
        tellGroup(groupId, group, partitions, lag, context)
      }
    })
  },
})

type Members = Omit<GroupDescription, 'groupId'>

/** Null for groups of a type that DescribeGroups knows nothing of; their offsets can still be told. */
async function describe(admin: Admin, groupId: string, signal: AbortSignal): Promise<Members | null> {
  try {
    const [group] = await admin.describeGroups([groupId], { signal })
    return group ?? null
  } catch (error) {
    if (error instanceof KafkaError && error.code === 'GROUP_ID_NOT_FOUND') return null
    throw error
  }
}

/** All partitions together; null if none is known. */
function lagOf(partitions: readonly PartitionLag[]): number | null {
  const known = partitions.flatMap(({ lag }) => (lag === null ? [] : [lag]))
  return known.length === 0 ? null : known.reduce((sum, lag) => sum + lag, 0)
}

function tellGroup(
  groupId: string,
  group: Members | null,
  partitions: readonly PartitionLag[],
  lag: number | null,
  { print }: Context,
): void {
  const facts = [
    ...(group === null ? [] : [group.state, formatCounted(group.members.length, 'member')]),
    ...(group === null || group.assignor === '' ? [] : [`assignor ${group.assignor}`]),
    lag === null ? 'lag not known' : `lag ${formatCounted(lag, 'record')}`,
  ]
  print.say(`${print.style.bold(groupId)}  ${facts.join(', ')}`)
  print.rows(
    [
      { title: 'TOPIC', cell: ({ topic }) => topic },
      { title: 'PARTITION', cell: ({ partition }) => String(partition), align: 'right' },
      { title: 'CURRENT-OFFSET', cell: ({ committedOffset }) => countOf(committedOffset), align: 'right' },
      { title: 'LOG-END-OFFSET', cell: ({ logEndOffset }) => countOf(logEndOffset), align: 'right' },
      { title: 'LAG', cell: row => countOf(row.lag), align: 'right' },
      { title: 'MEMBER', cell: ({ member }) => member?.memberId ?? '-' },
      { title: 'HOST', cell: ({ member }) => member?.host ?? '' },
    ],
    partitions,
    'It has committed nothing.',
  )
}

function countOf(offset: number | null): string {
  return offset === null ? '-' : formatCount(offset)
}
