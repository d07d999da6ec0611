import type { Admin, PartitionDescription, TopicDescription } from '@logwerk/admin'
import { KafkaError } from '@logwerk/runtime'
import { clientOptions } from '../client-options.ts'
import { type Context, defineCommand } from '../command.ts'
import { withAdmin } from '../connect.ts'
import { formatCount, formatCounted } from '../numbers.ts'
import { many } from '../option.ts'

/** `logwerk topics describe`. */
export const describeTopics = defineCommand({
  description: [
    'Shows partitions with their leader, replicas and offsets, and the configs that somebody has set. The number of records is the distance between the two offsets; compaction and transactions can leave fewer.',
  ],
  options: {
    topic: many('NAME', "A topic; all but Kafka's own if left out."),
    ...clientOptions,
  },
  examples: [
    ['logwerk topics describe --topic orders', 'one topic'],
    ["logwerk topics describe | jq '{name, partitions: (.partitions | length)}'", 'all topics, for a program'],
  ],
  run: async (values, context) => {
    await withAdmin(values, context, async admin => {
      const { stopped: signal, print } = context
      const names = values.topic.length > 0 ? values.topic : (await admin.listTopics({ signal })).map(({ name }) => name)
      if (names.length === 0) print.say(`There are no topics yet. ${print.style.bold('logwerk topics create --topic NAME')} makes one.`)
      const topics = await admin.describeTopics(names, { signal })
      const described = await admin.describeConfigs(
        names.map(name => ({ type: 'topic', name })),
        { signal },
      )
      for (const [index, topic] of topics.entries()) {
        const configs = described[index]!.configs.filter(({ source }) => source === 'DYNAMIC_TOPIC_CONFIG')
        const partitions = await withOffsets(admin, topic, context)
        const settings = Object.fromEntries(configs.map(({ name, value }) => [name, value]))
        print.json({ name: topic.name, id: topic.id, isInternal: topic.isInternal, configs: settings, partitions })
        if (!print.isHuman) continue
        if (index > 0) print.say()
        tellTopic(topic, settings, partitions, context)
      }
    })
  },
})

interface PartitionRow extends PartitionDescription {
  /** Null where the partition has no leader to tell. */
  readonly logStartOffset: number | null
  readonly logEndOffset: number | null
}

/** A partition without a leader must not hide the others: its offsets are left out. */
async function withOffsets(admin: Admin, { name, partitions }: TopicDescription, { stopped: signal }: Context): Promise<PartitionRow[]> {
  const led = partitions.filter(({ leader }) => leader >= 0)
  const offsets = new Map<number, readonly [start: number, end: number]>()
  try {
    const places = led.flatMap(({ partition }) => [
      { topic: name, partition, at: 'earliest' as const },
      { topic: name, partition, at: 'latest' as const },
    ])
    const found = await admin.listOffsets(places, { signal })
    for (const [index, { partition }] of led.entries()) offsets.set(partition, [found[2 * index]!.offset, found[2 * index + 1]!.offset])
  } catch (error) {
    if (!(error instanceof KafkaError) || !error.retriable) throw error
  }
  return partitions.map(partition => {
    const [logStartOffset = null, logEndOffset = null] = offsets.get(partition.partition) ?? []
    return { ...partition, logStartOffset, logEndOffset }
  })
}

function tellTopic(
  { name, isInternal }: TopicDescription,
  configs: Readonly<Record<string, string | null>>,
  partitions: readonly PartitionRow[],
  { print }: Context,
): void {
  const known = partitions.filter(({ logEndOffset }) => logEndOffset !== null)
  const recordCount = known.reduce((sum, { logStartOffset, logEndOffset }) => sum + (logEndOffset ?? 0) - (logStartOffset ?? 0), 0)
  const facts = [formatCounted(partitions.length, 'partition'), formatCounted(recordCount, 'record'), ...(isInternal ? ['internal'] : [])]
  print.say(`${print.style.bold(name)}  ${facts.join(', ')}`)
  for (const [key, value] of Object.entries(configs)) print.say(`  ${key}=${value ?? ''}`)
  const hasReplicas = partitions.some(({ replicas }) => replicas.length > 1)
  print.rows(
    [
      { title: 'PARTITION', cell: ({ partition }) => String(partition), align: 'right' },
      { title: 'LEADER', cell: ({ leader }) => (leader < 0 ? 'none' : String(leader)), align: 'right' },
      { title: 'REPLICAS', cell: ({ replicas }) => (hasReplicas ? replicas.join(',') : '') },
      { title: 'ISR', cell: ({ isr }) => (hasReplicas ? isr.join(',') : '') },
      { title: 'LOG-START-OFFSET', cell: ({ logStartOffset }) => countOf(logStartOffset), align: 'right' },
      { title: 'LOG-END-OFFSET', cell: ({ logEndOffset }) => countOf(logEndOffset), align: 'right' },
    ],
    partitions,
    '',
  )
}

function countOf(offset: number | null): string {
  return offset === null ? '' : formatCount(offset)
}
