import type { Admin, OffsetSpec } from '@logwerk/admin'
import { type ConfigOption, integer, text } from '@logwerk/runtime'
import { clientOptions } from '../client-options.ts'
import { type Context, defineCommand } from '../command.ts'
import { withAdmin } from '../connect.ts'
import { formatCount } from '../numbers.ts'
import { many, optional, required, toggle, type ValuesOf } from '../option.ts'
import { UsageError } from '../usage-error.ts'

/** A moment as text: milliseconds since 1970. As in Kafka, one without a time zone is UTC. */
const moment: ConfigOption<number> = {
  kind: 'integer',
  default: undefined,
  doc: 'To the first record at or after a moment, such as 2026-01-31T12:00:00Z (UTC if it names no zone). To the end where there is none.',
  parse: parseMoment,
  complaint: value => (typeof value === 'number' ? null : 'must be a moment such as 2026-01-31 or 2026-01-31T12:00:00.000Z'),
}

const options = {
  group: required(text({ default: undefined, doc: 'The group. It may not have members meanwhile.' }), 'NAME'),
  topic: many('NAME[:0,1]', 'A topic, or some of its partitions.'),
  allTopics: toggle('All topics of which the group has committed offsets.'),
  toEarliest: toggle('To the first record there is.'),
  toLatest: toggle('To the end: to what is written from now on.'),
  toOffset: optional(
    integer({ default: undefined, min: 0, doc: 'To this offset; to the nearest one where the log does not reach it.' }),
    'N',
  ),
  toDatetime: optional(moment, 'MOMENT'),
  execute: toggle('Do it. Without this nothing is changed.'),
  dryRun: toggle('Say what would happen and change nothing, as without --execute.'),
  ...clientOptions,
}

/** `logwerk groups reset-offsets`. */
export const resetOffsets = defineCommand({
  description: [
    'Moves a group to other offsets, so that it reads records again or leaves some out. Stop its members first. Nothing is changed without --execute.',
  ],
  options,
  examples: [
    ['logwerk groups reset-offsets --group billing --topic orders --to-earliest', 'what it would mean to read everything again'],
    ['logwerk groups reset-offsets --group billing --topic orders --to-earliest --execute', 'do it'],
    ['logwerk groups reset-offsets --group billing --all-topics --to-datetime 2026-01-31T12:00:00Z --execute', 'back to a moment'],
  ],
  run: async (values, context) => {
    const target = targetOf(values, context)
    if (values.execute && values.dryRun) throw new UsageError('give --execute or --dry-run, not both', context.command)
    if (values.allTopics === values.topic.length > 0) throw new UsageError('give --topic NAME, or --all-topics', context.command)
    await withAdmin(values, context, async admin => {
      const moves = await movesOf(admin, values, target, context)
      if (values.execute && moves.length > 0) {
        const offsets = moves.map(({ topic, partition, newOffset }) => ({ topic, partition, offset: newOffset }))
        await admin.alterGroupOffsets(values.group, offsets, { signal: context.stopped })
      }
      tellMoves(moves, values.execute, context)
    })
  },
})

type Values = ValuesOf<typeof options>
type Target = OffsetSpec | { readonly offset: number }

interface Move {
  readonly groupId: string
  readonly topic: string
  readonly partition: number
  /** Null if nothing was committed. */
  readonly oldOffset: number | null
  readonly newOffset: number
  readonly executed: boolean
}

function targetOf({ toEarliest, toLatest, toOffset, toDatetime }: Values, { command }: Context): Target {
  const given: Target[] = [
    ...(toEarliest ? (['earliest'] as const) : []),
    ...(toLatest ? (['latest'] as const) : []),
    ...(toOffset === null ? [] : [{ offset: toOffset }]),
    ...(toDatetime === null ? [] : [{ timestamp: toDatetime }]),
  ]
  const [target] = given
  if (target === undefined || given.length > 1) {
    throw new UsageError('say where to go with one of --to-earliest, --to-latest, --to-offset N, --to-datetime MOMENT', command)
  }
  return target
}

async function movesOf(admin: Admin, values: Values, target: Target, { command, stopped: signal }: Context): Promise<Move[]> {
  const committed = await admin.listGroupOffsets(values.group, { signal })
  const partitions = values.allTopics ? committed : await partitionsOf(admin, values.topic, command, signal)
  const places = ['earliest', 'latest', ...('offset' in Object(target) ? [] : [target as OffsetSpec])] as const
  const queries = partitions.flatMap(({ topic, partition }) => places.map(at => ({ topic, partition, at })))
  const found = queries.length === 0 ? [] : await admin.listOffsets(queries, { signal })
  return partitions.map(({ topic, partition }, index) => {
    const [start, end, sought] = found.slice(index * places.length, (index + 1) * places.length).map(({ offset }) => offset)
    const wanted = typeof target === 'object' && 'offset' in target ? target.offset : sought!
    // Nothing so late: behind everything.
    const newOffset = wanted < 0 ? end! : Math.min(Math.max(wanted, start!), end!)
    const oldOffset = committed.find(other => other.topic === topic && other.partition === partition)?.offset ?? null
    return { groupId: values.group, topic, partition, oldOffset, newOffset, executed: values.execute }
  })
}

/** `orders` stands for all of its partitions, `orders:0,2` for two of them. */
async function partitionsOf(admin: Admin, topics: readonly string[], command: string, signal: AbortSignal) {
  const wanted = topics.map(given => {
    const [, name = '', list] = /^([^:]*)(?::(\d+(?:,\d+)*))?$/.exec(given) ?? []
    if (name === '') throw new UsageError(`--topic takes NAME or NAME:0,1, not "${given}"`, command)
    return { name, partitions: list?.split(',').map(Number) ?? null }
  })
  const described = await admin.describeTopics(
    wanted.map(({ name }) => name),
    { signal },
  )
  return wanted.flatMap(({ name, partitions }, index) =>
    (partitions ?? described[index]!.partitions.map(({ partition }) => partition)).map(partition => ({ topic: name, partition })),
  )
}

function tellMoves(moves: readonly Move[], executed: boolean, { print }: Context): void {
  print.rows(
    [
      { title: 'TOPIC', cell: ({ topic }) => topic },
      { title: 'PARTITION', cell: ({ partition }) => String(partition), align: 'right' },
      { title: 'CURRENT-OFFSET', cell: ({ oldOffset }) => (oldOffset === null ? '-' : formatCount(oldOffset)), align: 'right' },
      { title: 'NEW-OFFSET', cell: ({ newOffset }) => formatCount(newOffset), align: 'right' },
    ],
    moves,
    'The group has committed nothing that could be moved.',
  )
  if (moves.length === 0) return
  if (executed) print.say('Done.')
  else print.note('Nothing was changed; --execute does it.')
}

/** Exported for its test. */
export function parseMoment(given: string): number | null {
  if (!/^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:?\d{2})?)?$/.test(given)) return null
  const hasZone = !given.includes('T') || /(Z|[+-]\d{2}:?\d{2})$/.test(given)
  const parsed = Date.parse(hasZone ? given : `${given}Z`)
  return Number.isNaN(parsed) ? null : parsed
}
