import { type Assignor, assignorOf } from '@logwerk/assignor'
import { KafkaClient, whereTo } from '@logwerk/client'
import { fromProperties, KafkaError } from '@logwerk/runtime'
import type { Deserializer } from '@logwerk/serde'
import { plainBytes } from './bytes-deserializer.ts'
import { LogwerkConsumer } from './consumer.ts'
import type { Consumer, ConsumerOptions } from './consumer-api.ts'
import { type ConsumerConfigInput, consumerConfig, resolveConsumerConfig } from './consumer-config.ts'

/**
 * Makes a consumer. It connects when it is first used.
 *
 * @throws KafkaError `INVALID_CONFIG` that names the option.
 * @example
 *   await using consumer = createConsumer({ bootstrapServers: ['localhost:9092'], groupId: 'billing' })
 *   await consumer.subscribe(['orders'])
 *   for await (const record of consumer) console.log(record.offset, record.value)
 */
export function createConsumer<K = Uint8Array, V = Uint8Array>(options: ConsumerOptions<K, V>): Consumer<K, V> {
  const { broker, world: given, key, value, partitionAssignmentStrategy, ...input } = options
  const config = resolveConsumerConfig(input)
  const { world, bootstrap } = whereTo('createConsumer', { broker, world: given }, config.bootstrapServers)
  const assignors = assignorsOf(partitionAssignmentStrategy)
  for (const [side, deserializer] of [['key', key] as const, ['value', value] as const]) {
    if (deserializer !== undefined && typeof deserializer?.deserialize !== 'function') {
      throw new KafkaError('INVALID_CONFIG', `createConsumer: option "${side}" must be a serde: an object with a deserialize method`)
    }
  }
  const client = new KafkaClient(world, {
    ...config,
    bootstrap,
    allowAutoTopicCreation: config.allowAutoCreateTopics,
    metadataPurpose: 'coordinator',
  })
  const format = { key: (key ?? plainBytes) as Deserializer<K>, value: (value ?? plainBytes) as Deserializer<V> }
  return new LogwerkConsumer(client, config, format, assignors)
}

/** The options of a consumer out of dotted Kafka properties, e.g. `{ 'group.id': 'billing' }`. @throws KafkaError `INVALID_CONFIG` */
export function consumerFromProperties(properties: Readonly<Record<string, unknown>>): Partial<ConsumerConfigInput> {
  return fromProperties('createConsumer', consumerConfig, properties)
}

function assignorsOf(strategy: readonly (string | Assignor)[] = consumerConfig.partitionAssignmentStrategy.default): readonly Assignor[] {
  const bad = (why: string) => new KafkaError('INVALID_CONFIG', `createConsumer: option "partitionAssignmentStrategy" ${why}`)
  if (!Array.isArray(strategy) || strategy.length === 0) throw bad('must be a list with at least one assignor')
  const assignors = (strategy as readonly (string | Assignor)[]).map(entry => {
    if (typeof entry === 'string') return assignorOf(entry)
    if (typeof entry?.name === 'string' && typeof entry.assign === 'function' && Array.isArray(entry.supportedProtocols)) return entry
    throw bad('takes names, and assignors: objects with a name, supportedProtocols and an assign method')
  })
  const names = assignors.map(({ name }) => name)
  const twice = names.find((name, index) => names.indexOf(name) < index)
  if (twice !== undefined) throw bad(`has "${twice}" twice`)
  return assignors
}
