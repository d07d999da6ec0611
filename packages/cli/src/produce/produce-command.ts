import { type ConfigOption, integer, KafkaError, messageOf, oneOf, text } from '@logwerk/runtime'
import { clientOptions, clientSettings, pairsOf } from '../client-options.ts'
import { type Context, defineCommand } from '../command.ts'
import { clientWorld, withAdmin } from '../connect.ts'
import { formatBytes, formatCount, formatCounted, formatDuration } from '../numbers.ts'
import { many, optional, required, toggle, type ValuesOf, withDefault } from '../option.ts'
import { describeError } from '../report-error.ts'
import { UsageError } from '../usage-error.ts'
import { Delivery } from './delivery.ts'
import { chunksOfFile, linesOf } from './lines.ts'
import { type LineFormat, recordOfLine } from './record-of-line.ts'

/** How long a record waits for its topic to be there. (Java waits 60 s; whoever types does not.) */
const MAX_BLOCK_MS = 10_000

/** Text as it was given: a space or a tab is a separator, too. */
const separator: ConfigOption<string> = {
  ...text({ default: undefined, doc: 'Lines are KEY, this separator, VALUE. \\t is a tab.' }),
  parse: given => given,
  complaint: value => (typeof value === 'string' && value !== '' ? null : 'must not be empty'),
}

const options = {
  topic: required(text({ default: undefined, doc: 'The topic. Brokers may create one that does not exist.' }), 'NAME'),
  format: withDefault(
    oneOf({
      values: ['text', 'json', 'base64'],
      default: 'text',
      doc: 'What a line is: the value as it stands, an object with "key", "value", "headers", "partition" and "timestamp" (what consume prints), or the value in base64.',
    }),
    'text|json|base64',
  ),
  keySeparator: optional(separator, 'SEP'),
  header: many('KEY=VALUE', 'A header of every record.'),
  partition: optional(integer({ default: undefined, min: 0, doc: 'The partition of every record; chosen by its key if left out.' }), 'N'),
  repartition: toggle('Choose the partitions anew, by the keys: those that lines of JSON name are passed over.'),
  file: optional(text({ default: undefined, doc: 'Read this file instead of standard input.' }), 'FILE'),
  ...clientOptions,
}

/** `logwerk produce`. */
export const produceCommand = defineCommand({
  description: [
    'Writes records to a topic, one for each line. In a pipe the first record that cannot be delivered ends it; on a terminal it says so and goes on.',
  ],
  options,
  examples: [
    ['echo hello | logwerk produce --topic greetings', 'one record without a key'],
    ["printf 'en:hello\\nde:hallo\\n' | logwerk produce --topic greetings --key-separator :", 'two with a key'],
    ['logwerk produce --topic orders --format json --file orders.jsonl --command-property compression.type=zstd', 'a file of JSON lines'],
  ],
  run: async (values, context) => {
    const { io, world, print, stopped } = context
    const format = lineFormatOf(values, context)
    // Before a record waits for a broker that is not there.
    await withAdmin(values, context, async () => {})
    const { createProducer, producerConfig } = await import('@logwerk/producer')
    const settings = await clientSettings(producerConfig, values, context)
    const isTyped = values.file === null && io.stdin.isTTY
    const failed = new AbortController()
    const ended = AbortSignal.any([stopped, failed.signal])
    const producer = createProducer({ maxBlockMs: MAX_BLOCK_MS, ...settings, world: clientWorld(context) })
    const delivery = new Delivery(producer, error => (isTyped ? print.warn(describeError(error)) : failed.abort(error)))
    const beganMs = world.clock.monotonicMs()
    if (isTyped) print.note(`One record a line; Ctrl-D ends.`)
    let mistake: unknown = null
    try {
      const chunks = values.file === null ? io.stdin.chunks(ended) : chunksOfFile(world.files, values.file, ended)
      const told = isTyped ? () => {} : () => print.progress.update(() => progressOf(delivery, world.clock.monotonicMs() - beganMs))
      mistake = await sendLines(chunks, format, delivery, ended, isTyped ? error => print.warn(messageOf(error)) : null, told)
    } finally {
      if (stopped.aborted && io.stderr.isTTY) print.note('Delivering what was read; once more leaves at once.')
      await producer.close()
      print.progress.clear()
    }
    summarize(values.topic, delivery, world.clock.monotonicMs() - beganMs, context)
    if (delivery.failedCount > 0) throw undelivered(delivery)
    if (mistake !== null) throw mistake
  },
})

type Values = ValuesOf<typeof options>

function lineFormatOf({ topic, format, keySeparator, header, partition, repartition }: Values, { command }: Context): LineFormat {
  if (keySeparator !== null && format === 'json')
    throw new UsageError('--key-separator is for text and base64; in JSON the field "key" is the key', command)
  if (repartition && partition !== null) throw new UsageError('give --repartition or --partition, not both', command)
  return {
    topic,
    format,
    keySeparator: keySeparator?.replaceAll('\\t', '\t') ?? null,
    headers: pairsOf(command, '--header', header).map(([key, value]) => ({ key, value: Buffer.from(value) })),
    partition: repartition ? 'byKey' : (partition ?? undefined),
  }
}

/**
 * Sends the lines until there are no more, or until `ended`.
 *
 * @param onMistake  Hears of lines that are no records, and the next one is read; null ends the reading with the first such line.
 * @returns          Why the reading ended early, null if it did not.
 */
async function sendLines(
  chunks: AsyncIterable<Uint8Array>,
  format: LineFormat,
  delivery: Delivery,
  ended: AbortSignal,
  onMistake: ((error: Error) => void) | null,
  onProgress: () => void,
): Promise<Error | null> {
  let lineNumber = 0
  for await (const lines of linesOf(chunks)) {
    for (const line of lines) {
      if (ended.aborted) return null
      lineNumber++
      try {
        const record = recordOfLine(line, format)
        if (record !== null) await delivery.send(record, ended)
      } catch (error) {
        if (ended.aborted) return null
        const mistake = new Error(`line ${formatCount(lineNumber)}: ${messageOf(error)}`, { cause: error })
        if (onMistake === null) return mistake
        onMistake(mistake)
      }
    }
    onProgress()
  }
  return null
}

function progressOf({ deliveredCount, sentBytes }: Delivery, elapsedMs: number): string {
  return `${formatCounted(deliveredCount, 'record')}, ${formatBytes(sentBytes)} read, ${perSecond(deliveredCount, elapsedMs)}`
}

function summarize(topic: string, delivery: Delivery, tookMs: number, { print }: Context): void {
  const { deliveredCount: recordCount, failedCount, partitions } = delivery
  const counts = Object.fromEntries([...partitions].sort(([a], [b]) => a - b))
  print.tell(
    `${formatCounted(recordCount, 'record')} to ${topic} in ${formatDuration(tookMs)} (${perSecond(recordCount, tookMs)}), ${formatCounted(partitions.size, 'partition')}.`,
    { topic, recordCount, failedCount, tookMs: Math.round(tookMs), partitions: counts },
  )
}

function perSecond(count: number, elapsedMs: number): string {
  return `${formatCount(Math.round(count / Math.max(elapsedMs / 1000, 0.001)))}/s`
}

function undelivered({ failedCount, firstError }: Delivery): Error {
  if (!(firstError instanceof KafkaError)) return firstError ?? new Error('records were not delivered')
  const which = failedCount === 1 ? 'a record was' : `${formatCount(failedCount)} records were`
  return new KafkaError(firstError.code, `${which} not delivered: ${firstError.message}`, { at: firstError.at, cause: firstError })
}
