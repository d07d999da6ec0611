import { clientOptions } from '../client-options.ts'
import { defineCommand } from '../command.ts'
import { withAdmin } from '../connect.ts'

/** `logwerk groups list`. */
export const listGroups = defineCommand({
  description: ['Lists the consumer groups of the cluster: those with members, and those of which offsets are kept.'],
  options: { ...clientOptions },
  examples: [['logwerk groups list', 'all groups']],
  run: async (values, context) => {
    const groups = await withAdmin(values, context, admin => admin.listGroups({ signal: context.stopped }))
    context.print.rows(
      [
        { title: 'GROUP', cell: ({ groupId }) => groupId },
        { title: 'STATE', cell: ({ state }) => state },
        { title: 'TYPE', cell: ({ type }) => type },
        { title: 'PROTOCOL', cell: ({ protocolType }) => protocolType },
        { title: 'COORDINATOR', cell: ({ coordinator }) => String(coordinator), align: 'right' },
      ],
      groups,
      `There are no groups. ${context.print.style.bold('logwerk consume --topic NAME --group NAME')} makes one.`,
    )
  },
})
