import { clientOptions } from '../client-options.ts'
import { defineCommand } from '../command.ts'
import { withAdmin } from '../connect.ts'
import { formatCounted } from '../numbers.ts'
import { toggle } from '../option.ts'
import { entityOptions, resourceOf } from './entity.ts'

/** `logwerk configs describe`. */
export const describeConfigs = defineCommand({
  description: ['Shows the configs that somebody has set, or with --all every one with its default, and where its value comes from.'],
  options: {
    ...entityOptions,
    all: toggle('Also those that have their default.'),
    ...clientOptions,
  },
  examples: [
    ['logwerk configs describe --entity-type topics --entity-name orders', 'what was set for a topic'],
    ['logwerk configs describe --entity-type brokers --entity-name 1 --all', 'everything about a broker'],
  ],
  run: async (values, context) => {
    const { print, stopped: signal } = context
    const [described] = await withAdmin(values, context, admin => admin.describeConfigs([resourceOf(values)], { signal }))
    const configs = described?.configs ?? []
    const shown = [...configs].filter(({ isDefault }) => values.all || !isDefault).sort((a, b) => (a.name < b.name ? -1 : 1))
    print.rows(
      [
        { title: 'CONFIG', cell: ({ name }) => name },
        { title: 'VALUE', cell: ({ value, isSensitive }) => (isSensitive ? '(hidden)' : (value ?? '')) },
        { title: 'SOURCE', cell: ({ source }) => source },
        { title: 'CHANGE', cell: ({ isReadOnly }) => (isReadOnly ? 'needs a restart' : '') },
      ],
      shown.map(({ name, value, source, isDefault, isSensitive, isReadOnly, type }) => ({
        name,
        value,
        source,
        isDefault,
        isSensitive,
        isReadOnly,
        type,
      })),
      'Everything has its default.',
    )
    const hiddenCount = configs.length - shown.length
    if (hiddenCount > 0) print.say(print.style.dim(`${formatCounted(hiddenCount, 'config')} with the default value: --all shows them.`))
  },
})
