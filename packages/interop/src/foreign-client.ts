import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const folder = fileURLToPath(new URL('..', import.meta.url))
const MAX_OUTPUT_BYTES = 64 * 1024 * 1024
/** Longer than any of them needs, downloads included; a program that hangs is killed. */
const PATIENCE_MS = 180_000

const run = promisify(execFile)

/** The codecs that every one of these clients has. */
export const codecs = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const

export const PARTITION_COUNT = 3
const CREATED_MS = 1_760_000_000_000

/** A record as the programs print it: topic, partition, offset, timestamp, key, value, headers. */
export type ShownRecord = readonly [string, number, number, number, string, string | null, readonly (readonly [string, string | null])[]]

/** A client of somebody else's, in a process of its own. */
export interface ForeignClient {
  readonly name: string
  /** Creates `<prefix>-<codec>` for every codec and fills it with `count` records, idempotently. */
  produce(bootstrapServer: string, prefix: string, count: number): Promise<void>
  /** Reads whole topics by assignment, without a group. */
  fetch(bootstrapServer: string, topics: readonly string[]): Promise<readonly ShownRecord[]>
}

/** What `produce` has written into a topic, in the order of partitions and offsets. */
export function expectedRecords(topic: string, count: number): readonly ShownRecord[] {
  const records: ShownRecord[] = []
  for (let partition = 0; partition < PARTITION_COUNT; partition++) {
    for (let index = partition, offset = 0; index < count; index += PARTITION_COUNT, offset++) {
      const value = index % 50 === 49 ? null : `value-${index}-${'x'.repeat(index % 90)}`
      const headers = [
        ['index', `${index}`],
        ['null', null],
      ] as const
      records.push([topic, partition, offset, CREATED_MS + index, `key-${index % 7}`, value, headers])
    }
  }
  return records
}

/** Kafka's own client. */
export async function javaClient(): Promise<ForeignClient> {
  const classpath = await output('./real-kafka.sh', ['classpath'])
  return clientOf('Java', 'java', ['-cp', classpath, 'java/ProduceFetch.java'])
}

/** librdkafka, by its Python wheel. */
export async function librdkafkaClient(): Promise<ForeignClient> {
  return clientOf('librdkafka', await output('python/setup.sh', []), ['python/produce_fetch.py'])
}

/** franz-go. */
export async function franzClient(): Promise<ForeignClient> {
  return clientOf('franz-go', await output('franz/build.sh', []), [])
}

function clientOf(name: string, command: string, args: readonly string[]): ForeignClient {
  return {
    name,
    produce: async (bootstrapServer, prefix, count) => {
      await output(command, [...args, 'produce', bootstrapServer, prefix, `${count}`])
    },
    fetch: async (bootstrapServer, topics) => {
      const text = await output(command, [...args, 'fetch', bootstrapServer, ...topics])
      const records = text.split('\n').map(line => JSON.parse(line) as ShownRecord)
      return records.sort((a, b) => (a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : a[1] - b[1] || a[2] - b[2]))
    },
  }
}

/** What a program prints. @throws Error with what it says of its failure */
async function output(command: string, args: readonly string[]): Promise<string> {
  const { stdout } = await run(command, args, { cwd: folder, maxBuffer: MAX_OUTPUT_BYTES, timeout: PATIENCE_MS, killSignal: 'SIGKILL' })
  return stdout.trim()
}
