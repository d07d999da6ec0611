import { describe, expect, test } from 'vitest'
import { listOf, TopicConfigs, topicConfigComplaint, topicConfigKeys } from './topic-config.ts'

describe('topicConfigComplaint', () => {
  test('every default may be set', () => {
    for (const key of topicConfigKeys.values()) expect(topicConfigComplaint(key.name, key.default), key.name).toBeNull()
  })

  test.each([
    ['cleanup.policy', 'compact'],
    ['cleanup.policy', ''],
    ['cleanup.policy', ' delete , compact '],
    ['compression.type', 'zstd'],
    ['compression.gzip.level', '-1'],
    ['compression.gzip.level', '9'],
    ['compression.zstd.level', '-131072'],
    ['max.message.bytes', '0'],
    ['max.message.bytes', '2147483647'],
    ['retention.ms', '-1'],
    ['flush.ms', '9223372036854775807'],
    ['min.cleanable.dirty.ratio', '0.25'],
    ['preallocate', 'TRUE'],
    ['retention.bytes', '-9223372036854775808'],
  ])('%s may be %j', (name, value) => {
    expect(topicConfigComplaint(name, value)).toBeNull()
  })

  test.each([
    ['cleanup.policy', 'burn', 'some of compact, delete'],
    ['cleanup.policy', 'compact,burn', 'some of compact, delete'],
    ['compression.type', 'none', 'one of uncompressed, zstd, lz4, snappy, gzip, producer'],
    ['compression.type', 'gzip,lz4', 'one of uncompressed, zstd, lz4, snappy, gzip, producer'],
    ['compression.gzip.level', '0', '-1, or 1 to 9'],
    ['compression.gzip.level', '10', 'at most 9'],
    ['compression.lz4.level', '0', 'at least 1'],
    ['max.message.bytes', '-1', 'at least 0'],
    ['max.message.bytes', '1.5', 'a whole number of 32 bits'],
    ['max.message.bytes', '1e3', 'a whole number of 32 bits'],
    ['max.message.bytes', '', 'a whole number of 32 bits'],
    ['max.message.bytes', ' ', 'a whole number of 32 bits'],
    ['max.message.bytes', '2147483648', 'a whole number of 32 bits'],
    ['retention.bytes', '9223372036854775808', 'a whole number of 64 bits'],
    ['retention.bytes', '-9223372036854775809', 'a whole number of 64 bits'],
    ['flush.ms', `1${'0'.repeat(400)}`, 'a whole number of 64 bits'],
    ['segment.bytes', '1048575', 'at least 1048576'],
    ['retention.ms', '-2', 'at least -1'],
    ['min.cleanable.dirty.ratio', '1.1', 'at most 1'],
    ['min.cleanable.dirty.ratio', 'half', 'a number'],
    ['preallocate', 'yes', 'true or false'],
  ])('%s may not be %j: it must be %s', (name, value, must) => {
    expect(topicConfigComplaint(name, value)).toBe(`invalid value ${value} for configuration ${name}: it must be ${must}`)
  })

  test('an unknown name is named, with the one that was meant', () => {
    expect(topicConfigComplaint('retention.msec', '1')).toBe('unknown topic config name: retention.msec; did you mean retention.ms?')
    expect(topicConfigComplaint('colour', 'red')).toBe('unknown topic config name: colour')
  })
})

describe('TopicConfigs', () => {
  const configs = new TopicConfigs(new Map([['segment.ms', '5000']]), new Map([['max.message.bytes', '100']]))

  test('the topic’s value goes over the broker’s, and that over the default', () => {
    expect(configs.number('segment.ms')).toBe(5000)
    expect(configs.number('max.message.bytes')).toBe(100)
    expect(configs.number('segment.bytes')).toBe(1_073_741_824)
    expect(configs.text('compression.type')).toBe('producer')
  })

  test('"no limit" is the largest safe integer', () => {
    expect(configs.number('flush.ms')).toBe(Number.MAX_SAFE_INTEGER)
  })

  test('compaction', () => {
    const withPolicy = (policy: string) => new TopicConfigs(new Map([['cleanup.policy', policy]]), new Map()).isCompacted()
    expect([withPolicy('delete'), withPolicy('compact'), withPolicy('delete, compact')]).toEqual([false, true, true])
  })
})

test('listOf', () => {
  expect(listOf(' a,b ,, c ')).toEqual(['a', 'b', 'c'])
  expect(listOf('')).toEqual([])
})
