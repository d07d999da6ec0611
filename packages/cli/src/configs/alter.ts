import type { Admin, ConfigResource } from '@logwerk/admin'
import { KafkaError, nearest } from '@logwerk/runtime'
import { clientOptions, pairsOf } from '../client-options.ts'
import { type Context, defineCommand } from '../command.ts'
import { withAdmin } from '../connect.ts'
import { many, toggle } from '../option.ts'
import { UsageError } from '../usage-error.ts'
import { entityOptions, resourceOf } from './entity.ts'

/** `logwerk configs alter`. */
export const alterConfigs = defineCommand({
  description: [
    'Changes single configs; the others stay as they are. All changes happen, or none. The embedded broker stores those that it does not act on yet, such as retention.ms; its log says which.',
  ],
  options: {
    ...entityOptions,
    addConfig: many('KEY=VALUE', 'A config to set; several are separated by commas, a value with commas stands in [brackets].'),
    deleteConfig: many('KEY', 'A config to put back to its default; several are separated by commas.'),
    dryRun: toggle('Check, and change nothing.'),
    ...clientOptions,
  },
  examples: [
    ['logwerk configs alter --entity-type topics --entity-name orders --add-config max.message.bytes=5000000', 'take larger records'],
    ['logwerk configs alter --entity-type topics --entity-name orders --delete-config max.message.bytes', 'back to the default'],
  ],
  run: async (values, context) => {
    const pairs = pairsOf(context.command, '--add-config', values.addConfig.flatMap(splitConfigs))
    const set = Object.fromEntries(pairs.map(([key, value]) => [key, value.replace(/^\[(.*)\]$/s, '$1')]))
    const deleted = values.deleteConfig.flatMap(keys => keys.split(',').map(key => key.trim())).filter(key => key !== '')
    if (pairs.length === 0 && deleted.length === 0) {
      throw new UsageError('nothing to change: give --add-config KEY=VALUE or --delete-config KEY', context.command)
    }
    const resource = resourceOf(values)
    await withAdmin(values, context, async admin => {
      await checkDeleted(admin, resource, deleted, context)
      await admin.incrementalAlterConfigs([{ ...resource, set, delete: deleted }], { signal: context.stopped, validateOnly: values.dryRun })
    })
    const { entityType, entityName, dryRun } = values
    context.print.tell(`${dryRun ? 'Would change' : 'Changed'} ${resource.type} ${entityName}.`, {
      entityType,
      entityName,
      set,
      deleted,
      dryRun,
    })
  },
})

/** A broker puts back what it does not know without a word, so a misspelt name would look done (Kafka's ConfigCommand checks it, too). */
async function checkDeleted(
  admin: Admin,
  resource: ConfigResource,
  deleted: readonly string[],
  { stopped: signal }: Context,
): Promise<void> {
  if (deleted.length === 0) return
  const [described] = await admin.describeConfigs([resource], { signal })
  const names = new Set(described?.configs.map(({ name }) => name))
  const unknown = deleted.find(name => !names.has(name))
  if (unknown === undefined) return
  const guess = nearest(unknown, names)
  const hint = guess === null ? '' : `; did you mean ${guess}?`
  throw new KafkaError('INVALID_CONFIG', `${resource.type} ${resource.name}: there is no config ${unknown} to put back${hint}`)
}

/** `a=1,b=[x,y],c=2` taken apart at the commas that begin a new config (Kafka's ConfigCommand). Exported for its test. */
export function splitConfigs(text: string): string[] {
  return text.split(/,(?=\s*[\w.-]+=)(?![^[\]]*\])/).map(part => part.trim())
}
