import { integer, text } from '@logwerk/runtime'
import { clientOptions, serverFlagOf } from '../client-options.ts'
import { type Context, defineCommand } from '../command.ts'
import { withAdmin } from '../connect.ts'
import { required, toggle } from '../option.ts'

/** `logwerk topics add-partitions`. */
export const addPartitions = defineCommand({
  description: [
    "Gives a topic more partitions; there is no way back. A key's partition is its hash modulo their number, so most keys get another one, while the records that they have stay where they are.",
  ],
  options: {
    topic: required(text({ default: undefined, doc: 'Name of the topic.' }), 'NAME'),
    partitions: required(
      integer({ default: undefined, min: 1, doc: 'How many partitions the topic is to have, those that it has included.' }),
      'N',
    ),
    dryRun: toggle('Check and say what would happen, and change nothing.'),
    ...clientOptions,
  },
  examples: [['logwerk topics add-partitions --topic orders --partitions 12 --dry-run', 'what it would mean']],
  run: async (values, context) => {
    const { topic, partitions, dryRun } = values
    await withAdmin(values, context, async admin => {
      const options = { signal: context.stopped }
      const [before] = await admin.describeTopics([topic], options)
      const previousCount = before?.partitions.length ?? 0
      await admin.createPartitions([{ name: topic, partitions }], { ...options, validateOnly: dryRun })
      const movedShare = movedShareOf(previousCount, partitions)
      context.print.tell(`Topic ${topic} ${dryRun ? 'would have' : 'has'} ${partitions} partitions instead of ${previousCount}.`, {
        topic,
        previousPartitionCount: previousCount,
        partitionCount: partitions,
        movedShare,
        dryRun,
      })
      warnOfMovedKeys(topic, movedShare, dryRun, context, serverFlagOf(values))
    })
  },
})

/**
 * Share of the keys whose partition changes from `hash % from` to `hash % to`. Both give the same for the hashes that are below both
 * counts, seen modulo the counts' least common multiple.
 */
export function movedShareOf(from: number, to: number): number {
  return from === 0 ? 0 : 1 - Math.min(from, to) / leastCommonMultiple(from, to)
}

function leastCommonMultiple(a: number, b: number): number {
  let [large, small] = [a, b]
  while (small > 0) [large, small] = [small, large % small]
  return (a / large) * b
}

function warnOfMovedKeys(topic: string, movedShare: number, dryRun: boolean, { print }: Context, server: string): void {
  const percent = Math.round(movedShare * 100)
  print.warn(
    `${dryRun ? 'keys would move' : 'keys move'}: about ${percent} % of the keys ${dryRun ? 'would go' : 'go'} to another partition from now on, and their older records stay.`,
  )
  print.note('  Consumers may then see the records of such a key out of order, and compaction keeps its last record twice.')
  print.note('  Records without a key are not concerned. Where order or compaction by key counts, do this instead: create a new topic with')
  print.note(`  enough partitions, stop the producers of ${topic}, copy it, and go on with the new one:`)
  print.note(`    logwerk consume --topic ${topic} --from-beginning --timeout-ms 5000 --format json${server} |`)
  print.note(`      logwerk produce --topic NEW --format json --repartition${server}`)
}
