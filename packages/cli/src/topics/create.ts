import { integer, KafkaError, text } from '@logwerk/runtime'
import { clientOptions, pairsOf } from '../client-options.ts'
import { defineCommand } from '../command.ts'
import { withAdmin } from '../connect.ts'
import { formatCounted } from '../numbers.ts'
import { many, optional, required, toggle } from '../option.ts'

/** `logwerk topics create`. */
export const createTopic = defineCommand({
  description: [
    'Creates a topic. Partitions are what a topic is spread over: more of them let more consumers of a group read at the same time. Order holds within a partition, and all records of a key go to the same one, as long as their number stays what it is.',
  ],
  options: {
    topic: required(text({ default: undefined, doc: 'Name of the topic: letters, digits, ".", "_" and "-".' }), 'NAME'),
    partitions: optional(
      integer({ default: undefined, min: 1, doc: "Number of partitions. The broker's num.partitions if left out." }),
      'N',
    ),
    replicationFactor: optional(
      integer({
        default: undefined,
        min: 1,
        max: 32_767,
        doc: "Copies of each partition. The broker's default if left out; the embedded broker has one.",
      }),
      'N',
    ),
    config: many(
      'KEY=VALUE',
      'A config of the topic, such as max.message.bytes=5000000. The embedded broker stores retention.* and cleanup.policy, and deletes and compacts nothing yet.',
    ),
    ifNotExists: toggle('Be content with a topic of that name that exists already, whatever it is like.'),
    ...clientOptions,
  },
  examples: [
    ['logwerk topics create --topic orders --partitions 6', 'six partitions'],
    ['logwerk topics create --topic scans --config max.message.bytes=5000000', 'for records of up to 5 MB'],
  ],
  run: async (values, context) => {
    const { topic, partitions, replicationFactor } = values
    const configs = Object.fromEntries(pairsOf(context.command, '--config', values.config))
    await withAdmin(values, context, async admin => {
      const wanted = { name: topic, partitions: partitions ?? undefined, replicationFactor: replicationFactor ?? undefined, configs }
      try {
        const [created] = await admin.createTopics([wanted], { signal: context.stopped })
        const partitionCount = created?.partitionCount ?? -1
        const count = partitionCount < 0 ? '' : ` with ${formatCounted(partitionCount, 'partition')}`
        context.print.tell(`Created topic ${topic}${count}.`, { topic, created: true, partitionCount, id: created?.id ?? null })
      } catch (error) {
        if (!values.ifNotExists || !(error instanceof KafkaError) || error.code !== 'TOPIC_ALREADY_EXISTS') throw error
        context.print.tell(`Topic ${topic} exists already.`, { topic, created: false })
      }
    })
  },
})
