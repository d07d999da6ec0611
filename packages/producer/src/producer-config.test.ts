import { describe, expect, test } from 'vitest'
import { producerFromProperties } from './create-producer.ts'
import { type ProducerConfigInput, producerConfig, resolveProducerConfig } from './producer-config.ts'

const resolve = (input: ProducerConfigInput) => resolveProducerConfig(input)

describe('idempotence (rules of the Java ProducerConfig)', () => {
  test.each<[string, ProducerConfigInput, boolean]>([
    ['is on', {}, true],
    ['is on with acks -1', { acks: '-1' }, true],
    ['gives way to acks 1', { acks: '1' }, false],
    ['gives way to acks 0', { acks: '0' }, false],
    ['gives way to no retries', { retries: 0 }, false],
    ['can be off', { enableIdempotence: false }, false],
    ['off allows any number in flight', { enableIdempotence: false, maxInFlightRequestsPerConnection: 20 }, false],
    ['that gives way allows any number in flight', { acks: '1', maxInFlightRequestsPerConnection: 20 }, false],
    ['asked for is on', { enableIdempotence: true, maxInFlightRequestsPerConnection: 5 }, true],
  ])('%s', (_, input, expected) => {
    expect(resolve(input).enableIdempotence).toBe(expected)
  })

  test.each<[ProducerConfigInput, string]>([
    [{ enableIdempotence: true, acks: '1' }, 'createProducer: idempotence needs acks "all"'],
    [{ enableIdempotence: true, acks: '0' }, 'createProducer: idempotence needs acks "all"'],
    [{ enableIdempotence: true, retries: 0 }, 'createProducer: idempotence needs retries above 0'],
    [{ maxInFlightRequestsPerConnection: 6 }, 'idempotence needs "maxInFlightRequestsPerConnection" to be at most 5, not 6'],
    [{ enableIdempotence: true, maxInFlightRequestsPerConnection: 6 }, 'to be at most 5, not 6'],
  ])('contradictions are refused: %j', (input, message) => {
    expect(() => resolve(input)).toThrow(message)
  })
})

describe('the delivery timeout', () => {
  test('is raised to lingerMs + requestTimeoutMs by default', () => {
    expect(resolve({}).deliveryTimeoutMs).toBe(120_000)
    expect(resolve({ lingerMs: 100_000, requestTimeoutMs: 50_000 }).deliveryTimeoutMs).toBe(150_000)
    // As far as an int32 reaches, as in Java.
    expect(resolve({ lingerMs: 10, requestTimeoutMs: 0x7fff_ffff }).deliveryTimeoutMs).toBe(0x7fff_ffff)
  })

  test('is refused if it is set below', () => {
    expect(resolve({ deliveryTimeoutMs: 30_005 }).deliveryTimeoutMs).toBe(30_005)
    expect(() => resolve({ deliveryTimeoutMs: 30_004 })).toThrow(
      'createProducer: option "deliveryTimeoutMs" must be at least lingerMs + requestTimeoutMs, which is 30005',
    )
  })
})

test.each<[Record<string, unknown>, string]>([
  [{ transactionalId: 'x' }, 'transactions are not part of this version; leave "transactionalId" out'],
  [{ compressionGzipLevel: 0 }, 'option "compressionGzipLevel" must be -1, or 1 to 9'],
  [{ acks: 'some' }, `option "acks" must be one of 'all', '-1', '1', '0', not "some"`],
  [{ lingerMS: 5 }, 'unknown option "lingerMS"; did you mean "lingerMs"?'],
  [{ 'linger.ms': 5 }, 'unknown option "linger.ms"; write "lingerMs", or pass dotted names through fromProperties'],
  [{ batchSize: -1 }, 'option "batchSize" must be between 0 and 2147483647 bytes, not -1'],
  [{ compressionType: 'brotli' }, 'option "compressionType" must be one of'],
])('%j is refused', (input, message) => {
  expect(() => resolveProducerConfig(input)).toThrow(message)
})

test('the defaults are the Java producer’s', () => {
  const config = resolve({})
  expect(config).toMatchObject({
    acks: 'all',
    lingerMs: 5,
    batchSize: 16_384,
    bufferMemory: 33_554_432,
    maxBlockMs: 60_000,
    maxRequestSize: 1_048_576,
    maxInFlightRequestsPerConnection: 5,
    deliveryTimeoutMs: 120_000,
    requestTimeoutMs: 30_000,
    retries: 2_147_483_647,
    retryBackoffMs: 100,
    retryBackoffMaxMs: 1000,
    compressionType: 'none',
    metadataMaxAgeMs: 300_000,
    connectionsMaxIdleMs: 540_000,
  })
})

test('properties become options', () => {
  expect(
    producerFromProperties({
      'linger.ms': '20',
      'compression.type': 'lz4',
      'bootstrap.servers': 'a:1, b:2',
      'enable.idempotence': 'false',
    }),
  ).toEqual({
    lingerMs: 20,
    compressionType: 'lz4',
    bootstrapServers: ['a:1', 'b:2'],
    enableIdempotence: false,
  })
  expect(() => producerFromProperties({ 'lingr.ms': '20' })).toThrow('unknown property "lingr.ms"; did you mean "linger.ms"?')
  expect(() => producerFromProperties({ 'linger.ms': 'soon' })).toThrow('property "linger.ms"')
})

test('every option that Java has carries its dotted name', () => {
  const ours = Object.entries(producerConfig).filter(([, option]) => option.kafkaKey === undefined)
  expect(ours.map(([name]) => name).sort()).toEqual(['maxBatchFillBytes', 'maxPendingRecords'])
})
