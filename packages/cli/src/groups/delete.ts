import { clientOptions } from '../client-options.ts'
import { defineCommand } from '../command.ts'
import { withAdmin } from '../connect.ts'
import { eachOf } from '../each-of.ts'
import { many } from '../option.ts'
import { UsageError } from '../usage-error.ts'

/** `logwerk groups delete`. */
export const deleteGroups = defineCommand({
  description: ['Deletes groups with their committed offsets. A group that has members cannot be deleted.'],
  options: {
    group: many('NAME', 'A group to delete, at least one.'),
    ...clientOptions,
  },
  examples: [['logwerk groups delete --group billing', 'one group']],
  run: async (values, context) => {
    if (values.group.length === 0) throw new UsageError('--group NAME is missing: a group to delete', context.command)
    await withAdmin(values, context, async admin => {
      await eachOf(values.group, context, async groupId => {
        await admin.deleteGroups([groupId], { signal: context.stopped })
        context.print.tell(`Deleted group ${groupId}.`, { groupId, deleted: true })
      })
    })
  },
})
