import { KafkaError } from '@logwerk/runtime'
import { describe, expect, test } from 'vitest'
import { parseResetPolicy, resolveConsumerConfig } from './consumer-config.ts'

describe('autoOffsetReset', () => {
  test.each(['earliest', 'latest', 'none'] as const)('%s', kind => {
    expect(parseResetPolicy(kind)).toEqual({ kind })
  })

  test.each([
    ['PT1H', 3_600_000],
    ['P1D', 86_400_000],
    ['P2DT3H4M5.006S', ((2 * 24 + 3) * 60 + 4) * 60_000 + 5006],
    ['PT0S', 0],
    ['PT0.0005S', 1],
  ])('by_duration:%s is %s ms', (duration, ageMs) => {
    expect(parseResetPolicy(`by_duration:${duration}`)).toEqual({ kind: 'duration', ageMs })
  })

  test.each([
    '',
    'first',
    'Earliest',
    'by_duration',
    'by_duration:',
    'by_duration:P',
    'by_duration:PT',
    'by_duration:P1DT',
    'by_duration:1H',
    'by_duration:PT-1H',
    'by_duration:P1Y',
  ])('"%s" is refused with what it may be', value => {
    expect(() => parseResetPolicy(value)).toThrow(expect.objectContaining({ code: 'INVALID_CONFIG' }))
    expect(() => parseResetPolicy(value)).toThrow("'earliest', 'latest', 'none' or 'by_duration:'")
  })
})

describe('options that do not fit together are named', () => {
  test.each([
    [{ groupId: '' }, /"groupId" must not be empty/],
    [{ groupId: 'g', groupInstanceId: '' }, /"groupInstanceId" must not be empty/],
    [{ groupInstanceId: 'one' }, /"groupInstanceId" needs a "groupId"/],
    [{ enableAutoCommit: true }, /"enableAutoCommit" needs a "groupId"/],
    [
      { groupId: 'g', heartbeatIntervalMs: 5000, sessionTimeoutMs: 5000 },
      /"heartbeatIntervalMs" \(5000\) must be less than "sessionTimeoutMs" \(5000\)/,
    ],
    [{ groupid: 'g' }, /groupId/],
    [{ maxPollRecords: 0 }, /maxPollRecords/],
    [{ isolationLevel: 'committed' }, /isolationLevel/],
    [{ autoOffsetReset: 'smallest' }, /autoOffsetReset/],
  ])('%j', (input, message) => {
    expect(() => resolveConsumerConfig({ bootstrapServers: ['localhost:9092'], ...input })).toThrow(KafkaError)
    expect(() => resolveConsumerConfig({ bootstrapServers: ['localhost:9092'], ...input })).toThrow(message)
  })

  test('without a group nothing is committed', () => {
    expect(resolveConsumerConfig({}).enableAutoCommit).toBe(false)
    expect(resolveConsumerConfig({ groupId: 'g' }).enableAutoCommit).toBe(true)
  })
})
