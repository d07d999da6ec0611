import { expect, test } from 'vitest'
import { entryOf } from './configs.ts'

const CONFIG = {
  name: 'retention.ms',
  value: '1',
  readOnly: false,
  configSource: 1,
  isSensitive: false,
  synonyms: [],
  configType: 5,
  documentation: '',
}

test("sources and types have the names of Kafka's ConfigEntry", () => {
  const synonyms = [
    { name: 'retention.ms', value: '1', source: 1 },
    { name: 'log.retention.ms', value: '2', source: 5 },
  ]
  expect(entryOf({ ...CONFIG, synonyms })).toEqual({
    name: 'retention.ms',
    value: '1',
    source: 'DYNAMIC_TOPIC_CONFIG',
    isDefault: false,
    isSensitive: false,
    isReadOnly: false,
    type: 'LONG',
    synonyms: [
      { name: 'retention.ms', value: '1', source: 'DYNAMIC_TOPIC_CONFIG' },
      { name: 'log.retention.ms', value: '2', source: 'DEFAULT_CONFIG' },
    ],
    documentation: null,
  })
})

test('only what nobody set is a default, and numbers that a later Kafka adds are unknown', () => {
  expect(entryOf({ ...CONFIG, configSource: 5 }).isDefault).toBe(true)
  expect(entryOf({ ...CONFIG, configSource: 4 })).toMatchObject({ isDefault: false, source: 'STATIC_BROKER_CONFIG' })
  expect(entryOf({ ...CONFIG, configSource: 99, configType: 99 })).toMatchObject({ source: 'UNKNOWN', type: 'UNKNOWN' })
})
