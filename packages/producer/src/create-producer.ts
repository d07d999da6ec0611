import { KafkaClient, whereTo } from '@logwerk/client'
import { isPartitioner } from '@logwerk/partitioner'
import { fromProperties, KafkaError } from '@logwerk/runtime'
import type { Serializer } from '@logwerk/serde'
import { bytesOrText } from './bytes-or-text.ts'
import { LogwerkProducer } from './producer.ts'
import type { Producer, ProducerOptions } from './producer-api.ts'
import { type ProducerConfigInput, producerConfig, resolveProducerConfig } from './producer-config.ts'

/**
 * Makes a producer. It connects when it is first used.
 *
 * @throws KafkaError `INVALID_CONFIG` that names the option.
 * @example
 *   await using producer = createProducer({ bootstrapServers: ['localhost:9092'] })
 *   await producer.send({ topic: 'greetings', key: 'en', value: 'hello' })
 */
export function createProducer<K = Uint8Array | string, V = Uint8Array | string>(options: ProducerOptions<K, V>): Producer<K, V> {
  const { broker, world: given, key, value, partitioner, onDeliveryError, ...input } = options
  const config = resolveProducerConfig(input)
  const { world, bootstrap } = whereTo('createProducer', { broker, world: given }, config.bootstrapServers)
  if (partitioner !== undefined && !isPartitioner(partitioner)) {
    throw new KafkaError(
      'INVALID_CONFIG',
      'createProducer: option "partitioner" must be a function, or an object with a name and a partition method',
    )
  }
  for (const [side, serializer] of [['key', key] as const, ['value', value] as const]) {
    if (serializer !== undefined && typeof serializer?.serialize !== 'function') {
      throw new KafkaError('INVALID_CONFIG', `createProducer: option "${side}" must be a serde: an object with a serialize method`)
    }
  }
  const client = new KafkaClient(world, { ...config, bootstrap, allowAutoTopicCreation: true })
  return new LogwerkProducer<K, V>(client, config, {
    key: (key ?? bytesOrText) as Serializer<K>,
    value: (value ?? bytesOrText) as Serializer<V>,
    partitioner: partitioner ?? null,
    onDeliveryError: onDeliveryError ?? null,
  })
}

/** The options of a producer out of dotted Kafka properties, e.g. `{ 'linger.ms': '20' }`. @throws KafkaError `INVALID_CONFIG` */
export function producerFromProperties(properties: Readonly<Record<string, unknown>>): Partial<ProducerConfigInput> {
  return fromProperties('createProducer', producerConfig, properties)
}
