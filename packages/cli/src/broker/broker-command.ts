import { resolve } from 'node:path'
import { type Broker, type BrokerConfigInput, openBroker } from '@logwerk/broker'
import { isLoopback } from '@logwerk/runtime'
import { type Context, defineCommand } from '../command.ts'
import { formatDuration } from '../numbers.ts'
import { refuseProperties } from '../resolve-options.ts'
import { UsageError } from '../usage-error.ts'
import { brokerLog } from './broker-log.ts'
import { brokerOptions, PROPERTY_HINTS } from './broker-options.ts'

/** `logwerk broker`. */
export const brokerCommand = defineCommand({
  description: [
    'Runs one node that speaks the Kafka protocol to any Kafka client, on a data directory of its own. What it acknowledged survives a kill -9 and, by default, a power cut. Ctrl-C or SIGTERM stops it cleanly; a second one leaves at once.',
    'Nothing authenticates clients yet, so it listens on this machine only unless --allow-remote is given.',
  ],
  options: brokerOptions,
  examples: [
    ['logwerk broker', 'port 9092, data in ./logwerk-data'],
    ['logwerk broker --memory --port 0', 'for a test: a free port, nothing kept'],
    ['logwerk broker --data-dir /data --host 0.0.0.0 --allow-remote --advertised-host kafka', 'in a container of that name'],
  ],
  run: async ({ memory, config: _, json: __, ...given }, context) => {
    const { command, set, properties, world, io, print, stopped } = context
    refuseProperties(
      command,
      Object.keys(properties),
      Object.values(brokerOptions).flatMap(({ property }) => (property === undefined ? [] : [property])),
      PROPERTY_HINTS,
    )
    const input = given as BrokerConfigInput
    checkAddress(input, command)
    const dataDir = memory && prefersMemory(set, command) ? null : resolve(input.dataDir ?? '.')
    const beganMs = world.clock.monotonicMs()
    const broker = await openBroker({ ...input, dataDir, world: { ...world, log: brokerLog(io, world) } })
    try {
      announce(broker, input, world.clock.monotonicMs() - beganMs, context)
      await aborted(stopped)
      print.tell('Stopping; once more leaves at once.', { event: 'stopping' })
    } finally {
      await broker.close()
    }
    print.tell('Stopped.', { event: 'stopped' })
  },
})

function announce(broker: Broker, { fsync, numPartitions }: BrokerConfigInput, tookMs: number, { print, io }: Context): void {
  const [address = ''] = broker.bootstrapServers
  const { style } = print
  const where = broker.dataDir === null ? 'in memory, gone when it stops' : broker.dataDir
  const server = address === 'localhost:9092' || address === '127.0.0.1:9092' ? '' : ` --bootstrap-server ${address}`
  print.json({
    event: 'listening',
    bootstrapServers: broker.bootstrapServers,
    port: broker.port,
    dataDir: broker.dataDir,
    fsync: broker.dataDir === null ? null : fsync,
    clusterId: broker.clusterId,
    nodeId: broker.nodeId,
    readyMs: Math.round(tookMs),
  })
  print.say(`${style.green('●')} ${style.bold('Logwerk broker')} is ready after ${formatDuration(tookMs)}`)
  print.say()
  print.say(`  address   ${style.cyan(address)}`)
  print.say(`  data      ${where}${broker.dataDir === null ? '' : style.dim(`  (fsync: ${fsync})`)}`)
  print.say(
    `  cluster   ${broker.clusterId}${style.dim(`  (node ${broker.nodeId}, ${numPartitions} partition${numPartitions === 1 ? '' : 's'} for a topic that does not say)`)}`,
  )
  print.say()
  print.say(`Any Kafka client can connect to ${address}. In another terminal:`)
  print.say(`  ${style.bold(`logwerk topics create --topic greetings${server}`)}`)
  print.say(`  ${style.bold(`echo hello | logwerk produce --topic greetings${server}`)}`)
  print.say(`  ${style.bold(`logwerk consume --topic greetings --from-beginning${server}`)}`)
  print.say()
  print.say(style.dim('Ctrl-C stops it.'))
  if (!io.stdout.isTTY && io.stderr.isTTY) print.note(`listening on ${address}`)
}

/** The library would refuse it too, with the words of its own options. */
function checkAddress({ host, allowRemote }: BrokerConfigInput, command: string): void {
  if (host === undefined || isLoopback(host) || allowRemote === true) return
  throw new UsageError(
    `other machines can reach ${host}, and nothing authenticates them; listen on 127.0.0.1, or add --allow-remote if the network is trusted`,
    command,
  )
}

const STRENGTH = { flag: 3, env: 2, file: 1 } as const

/** Of --memory and --data-dir the one counts that comes from the stronger place. */
function prefersMemory(set: Context['set'], command: string): boolean {
  const [memory, dataDir] = [set.get('memory'), set.get('dataDir')].map(source => (source === undefined ? 0 : STRENGTH[source]))
  if (memory === dataDir) throw new UsageError('give --memory or --data-dir, not both', command)
  return memory! > dataDir!
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise(done => {
    if (signal.aborted) done()
    else signal.addEventListener('abort', () => done(), { once: true })
  })
}
