import { KafkaError } from '@logwerk/runtime'
import { clientOptions } from '../client-options.ts'
import { defineCommand } from '../command.ts'
import { withAdmin } from '../connect.ts'
import { eachOf } from '../each-of.ts'
import { many, toggle } from '../option.ts'
import { UsageError } from '../usage-error.ts'

/** `logwerk topics delete`. */
export const deleteTopics = defineCommand({
  description: ['Deletes topics with all their records, at once and for good.'],
  options: {
    topic: many('NAME', 'A topic to delete, at least one.'),
    ifExists: toggle('Be content where there is no topic of that name.'),
    ...clientOptions,
  },
  examples: [
    ['logwerk topics delete --topic orders', 'one topic'],
    ['logwerk topics delete --topic a --topic b --if-exists', 'two, if they are there'],
  ],
  run: async (values, context) => {
    if (values.topic.length === 0) throw new UsageError('--topic NAME is missing: a topic to delete', context.command)
    await withAdmin(values, context, async admin => {
      await eachOf(values.topic, context, async topic => {
        try {
          await admin.deleteTopics([topic], { signal: context.stopped })
          context.print.tell(`Deleted topic ${topic}.`, { topic, deleted: true })
        } catch (error) {
          if (!values.ifExists || !(error instanceof KafkaError) || error.code !== 'UNKNOWN_TOPIC_OR_PARTITION') throw error
          context.print.tell(`There is no topic ${topic}.`, { topic, deleted: false })
        }
      })
    })
  },
})
