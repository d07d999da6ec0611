import type { Consumer, ConsumerRecord, TopicPartitionOffset } from '@logwerk/consumer'
import { type ConfigOption, integer, KafkaError, messageOf, oneOf, text } from '@logwerk/runtime'
import { clientOptions, clientSettings, formatOption } from '../client-options.ts'
import { type Context, defineCommand } from '../command.ts'
import { clientWorld, withAdmin } from '../connect.ts'
import { formatCounted } from '../numbers.ts'
import { optional, required, toggle, type ValuesOf, withDefault } from '../option.ts'
import { UsageError } from '../usage-error.ts'
import { formatterOf } from './format-record.ts'

/** Longest wait for records at a time; how soon the end of a topic is noticed does not depend on it. */
const POLL_MS = 1000
/** Longest time that leaving the group may take. */
const CLOSE_TIMEOUT_MS = 5000

const startOffset: ConfigOption<number | 'earliest' | 'latest'> = {
  kind: 'string',
  default: undefined,
  doc: 'Where to begin in the partition: an offset, earliest or latest.',
  parse: given => (given === 'earliest' || given === 'latest' ? given : /^\d{1,15}$/.test(given) ? Number(given) : null),
  complaint: value =>
    typeof value === 'number' || value === 'earliest' || value === 'latest' ? null : 'must be an offset, earliest or latest',
}

const options = {
  topic: required(text({ default: undefined, doc: 'The topic.' }), 'NAME'),
  group: optional(
    text({
      default: undefined,
      doc: 'Read as a member of this group, which goes on where it was and shares the partitions. Without it nothing is left behind.',
    }),
    'NAME',
  ),
  fromBeginning: toggle(
    'Begin with the first record there is; otherwise with what comes next. A group that has committed offsets goes on there.',
  ),
  partition: optional(integer({ default: undefined, min: 0, doc: 'Read this partition only.' }), 'N'),
  offset: optional(startOffset, 'N'),
  maxMessages: optional(integer({ default: undefined, min: 1, doc: 'End after so many records.' }), 'N'),
  timeoutMs: optional(integer({ default: undefined, min: 0, doc: 'End when no record has come for so long.' }), 'MS'),
  format: formatOption(
    ['text', 'json', 'hex'],
    'How a record is printed: a line of text for people, a JSON object for programs (what produce takes), or its bytes in hex. Default: text on a terminal, json in a pipe.',
  ),
  isolationLevel: withDefault(
    oneOf({
      values: ['read_uncommitted', 'read_committed'],
      default: 'read_uncommitted',
      doc: 'read_committed leaves out records of transactions that are open or were aborted.',
    }),
    'LEVEL',
  ),
  ...clientOptions,
}

/** `logwerk consume`. */
export const consumeCommand = defineCommand({
  description: [
    'Prints the records of a topic as they come, until it is stopped (Ctrl-C) or an option ends it. Without --group it reads all partitions by itself and commits nothing.',
  ],
  options,
  examples: [
    ['logwerk consume --topic orders --from-beginning', 'everything, then what comes'],
    ['logwerk consume --topic orders --group billing', 'as a member of a group'],
    ['logwerk consume --topic orders --partition 3 --offset 1000 --max-messages 10', 'ten records from one place'],
    ['logwerk consume --topic orders --from-beginning --timeout-ms 2000 | jq -r .value', 'the values, for a program'],
  ],
  run: async (values, context) => {
    checkUsage(values, context)
    const partitionCount = await withAdmin(values, context, async admin => {
      const [topic] = await admin.describeTopics([values.topic], { signal: context.stopped })
      return topic?.partitions.length ?? 0
    })
    if (values.partition !== null && values.partition >= partitionCount) {
      throw new KafkaError(
        'UNKNOWN_TOPIC_OR_PARTITION',
        `topic ${values.topic} has the partitions 0 to ${partitionCount - 1}, not ${values.partition}`,
        {
          at: { topic: values.topic, partition: values.partition },
          retriable: false,
        },
      )
    }
    const { consumerConfig, createConsumer } = await import('@logwerk/consumer')
    const settings = await clientSettings(consumerConfig, values, context, OWNED)
    const consumer = createConsumer({
      ...settings,
      groupId: values.group,
      autoOffsetReset: values.fromBeginning || values.offset === 'earliest' ? 'earliest' : 'latest',
      isolationLevel: values.isolationLevel,
      // What is committed is what was printed, to the record: see `Reader`.
      enableAutoCommit: false,
      allowAutoCreateTopics: false,
      world: clientWorld(context),
    })
    const reader = new Reader(consumer, values, context)
    try {
      await begin(consumer, values, partitionCount)
      await reader.read()
    } finally {
      await consumer.close({ timeoutMs: CLOSE_TIMEOUT_MS })
    }
    if (!context.io.stdout.closed.aborted) context.print.note(`${formatCounted(reader.recordCount, 'record')}.`)
  },
})

/** Properties that the options above, or the way in which records are read, decide. */
const OWNED = ['group.id', 'auto.offset.reset', 'isolation.level', 'enable.auto.commit', 'allow.auto.create.topics']

type Values = ValuesOf<typeof options>
type BytesConsumer = Consumer<Uint8Array, Uint8Array>
type BytesRecord = ConsumerRecord<Uint8Array, Uint8Array>

function checkUsage({ group, partition, offset, fromBeginning, json, format }: Values, { command }: Context): void {
  if (group !== null && partition !== null) {
    throw new UsageError(
      '--partition reads without a group: the members of a group are given their partitions; leave out one of the two',
      command,
    )
  }
  if (offset !== null && partition === null)
    throw new UsageError('--offset needs --partition: each partition has offsets of its own', command)
  if (offset !== null && fromBeginning) throw new UsageError('give --offset or --from-beginning, not both', command)
  if (group === '') throw new UsageError('--group must not be empty', command)
  if (json && format !== null && format !== 'json') throw new UsageError('give --json or --format, not both', command)
}

async function begin(consumer: BytesConsumer, { topic, group, partition, offset }: Values, partitionCount: number): Promise<void> {
  if (group !== null) return await consumer.subscribe([topic])
  const wanted = partition !== null ? [partition] : Array.from({ length: partitionCount }, (_, index) => index)
  consumer.assign(wanted.map(index => ({ topic, partition: index })))
  if (partition !== null && typeof offset === 'number') consumer.seek({ topic, partition }, offset)
}

/** Prints records, and commits what was printed where there is a group. */
class Reader {
  readonly #consumer: BytesConsumer
  readonly #values: Values
  readonly #context: Context
  readonly #line: (record: BytesRecord) => string
  /** Records that were printed. */
  recordCount = 0

  constructor(consumer: BytesConsumer, values: Values, context: Context) {
    this.#consumer = consumer
    this.#values = values
    this.#context = context
    const format = values.format ?? (context.print.isHuman ? 'text' : 'json')
    this.#line = formatterOf(format, context.print.style)
  }

  /** Until it is stopped, has read `maxMessages`, or has waited `timeoutMs` for nothing. */
  async read(): Promise<void> {
    const { stopped, world } = this.#context
    const { maxMessages, timeoutMs } = this.#values
    let lastRecordMs = world.clock.monotonicMs()
    try {
      while (!stopped.aborted) {
        const restMs = timeoutMs === null ? POLL_MS : lastRecordMs + timeoutMs - world.clock.monotonicMs()
        const records = await this.#consumer.poll({ timeoutMs: Math.min(Math.max(restMs, 0), POLL_MS), signal: stopped })
        if (records.length > 0) {
          await this.#print(maxMessages === null ? records : records.slice(0, maxMessages - this.recordCount))
          lastRecordMs = world.clock.monotonicMs()
        } else if (timeoutMs !== null && restMs <= POLL_MS) return
        if (maxMessages !== null && this.recordCount >= maxMessages) return
      }
    } catch (error) {
      if (!stopped.aborted || error !== stopped.reason) throw error
    }
  }

  async #print(records: readonly BytesRecord[]): Promise<void> {
    const { stdout } = this.#context.io
    const isCommitted = this.#values.group !== null
    const hasRoom = stdout.write(`${records.map(this.#line).join('\n')}\n`)
    if (isCommitted) await stdout.flushed()
    else if (!hasRoom) await stdout.drained()
    // Nobody has seen them.
    if (stdout.closed.aborted) return
    this.recordCount += records.length
    if (isCommitted) await this.#commit(records)
  }

  async #commit(records: readonly BytesRecord[]): Promise<void> {
    const behind = new Map<number, TopicPartitionOffset>()
    for (const { topic, partition, offset, leaderEpoch } of records)
      behind.set(partition, { topic, partition, offset: offset + 1, leaderEpoch })
    try {
      await this.#consumer.commit([...behind.values()])
    } catch (error) {
      // The partitions have gone to another member, which prints these records too.
      if (!(error instanceof KafkaError) || !LOST.has(error.code)) throw error
      this.#context.print.warn(`what was printed last will be read again, by another member of the group: ${messageOf(error)}`)
    }
  }
}

const LOST: ReadonlySet<string> = new Set(['ILLEGAL_GENERATION', 'UNKNOWN_MEMBER_ID', 'REBALANCE_IN_PROGRESS', 'FENCED_INSTANCE_ID'])
