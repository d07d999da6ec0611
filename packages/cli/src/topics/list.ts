import { clientOptions } from '../client-options.ts'
import { defineCommand } from '../command.ts'
import { withAdmin } from '../connect.ts'
import { formatCount } from '../numbers.ts'
import { toggle } from '../option.ts'

/** `logwerk topics list`. */
export const listTopics = defineCommand({
  description: ["Lists the topics of the cluster by name, Kafka's own (such as __consumer_offsets) among them."],
  options: {
    excludeInternal: toggle("Leave out Kafka's own topics."),
    ...clientOptions,
  },
  examples: [
    ['logwerk topics list', 'all topics of the broker on this machine'],
    ['logwerk topics list --bootstrap-server kafka1:9092 | jq -r .name', 'the names of the topics of a cluster'],
  ],
  run: async (values, context) => {
    const topics = await withAdmin(values, context, admin =>
      admin.listTopics({ includeInternal: !values.excludeInternal, signal: context.stopped }),
    )
    const { style } = context.print
    context.print.rows(
      [
        { title: 'TOPIC', cell: ({ name }) => name },
        { title: 'PARTITIONS', cell: ({ partitionCount }) => formatCount(partitionCount), align: 'right' },
        { title: 'KIND', cell: ({ isInternal }) => (isInternal ? 'internal' : '') },
      ],
      topics,
      `There are no topics yet. ${style.bold('logwerk topics create --topic NAME')} makes one.`,
    )
  },
})
