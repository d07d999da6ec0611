import { requestHeaderVersion, responseHeaderVersion } from '@logwerk/protocol'
import { describe, expect, test } from 'vitest'
import { driftOf } from './drift.ts'
import { type KafkaMessage, readKafkaSchemas } from './kafka-schemas.ts'
import { ourApis, ourOtherMessages, ourTable } from './protocol-messages.ts'
import { versionsBetween } from './version-range.ts'

const kafka = readKafkaSchemas()
const byName = new Map(kafka.messages.map(message => [message.name, message]))

/** Where what we speak is not what a broker of Kafka advertises. */
const EXCEPTIONS: Readonly<Record<string, { readonly versions: readonly [number, number]; readonly reason: string }>> = {
  Produce: {
    versions: [3, 13],
    reason: 'Kafka advertises 0 to 2 without speaking them: old librdkafka would stop compressing otherwise. It has no schemas of them.',
  },
}

function kafkaMessage(name: string): KafkaMessage {
  return byName.get(name) ?? expect.fail(`Kafka has no message ${name}`)
}

test('both sides have messages to compare', () => {
  expect(ourApis.length).toBeGreaterThanOrEqual(26)
  expect(ourOtherMessages.length).toBeGreaterThanOrEqual(15)
  expect(kafka.messages.length).toBeGreaterThan(250)
  expect(new Set(kafka.messages.map(message => message.name)).size).toBe(kafka.messages.length)
})

describe.each(ourApis.map(api => [api.name, api] as const))('%s', (name, api) => {
  const kafkaApi = kafka.apis.find(({ key }) => key === api.key) ?? expect.fail(`Kafka has no API with the key ${api.key}`)
  const spoken = versionsBetween(...(EXCEPTIONS[name]?.versions ?? kafkaApi.advertised))

  test('has the name and key of Kafka', () => {
    expect(kafkaApi.name).toBe(name)
    for (const message of [api.request, api.response]) expect(kafkaMessage(message.name).apiKey).toBe(api.key)
  })

  test.each([
    ['request', api.request],
    ['response', api.response],
  ])('its %s is that of Kafka', (_, message) => {
    expect(driftOf(message, kafkaMessage(message.name), spoken)).toEqual([])
  })

  test('its headers are those of Kafka', () => {
    for (const version of versionsBetween(...api.versions)) {
      const header = kafkaApi.headers.find(one => one.version === version)
      expect({ version, request: requestHeaderVersion(api, version), response: responseHeaderVersion(api, version) }).toEqual(header)
    }
  })
})

test.each(ourOtherMessages.map(message => [message.name, message] as const))('%s is that of Kafka', (name, message) => {
  expect(driftOf(message, kafkaMessage(name))).toEqual([])
})

describe('the types of records are those of Kafka', () => {
  test('in __cluster_metadata', () => {
    for (const [type, number] of Object.entries(ourTable('clusterMetadataRecordTypes'))) {
      expect(kafkaMessage(`${pascalCase(type)}Record`).apiKey, type).toBe(number)
    }
  })

  test('in __consumer_offsets', () => {
    for (const [type, number] of Object.entries(ourTable('offsetsTopicRecordTypes'))) {
      expect(kafkaMessage(`${pascalCase(type)}Key`).apiKey, type).toBe(number)
    }
  })

  test('in control batches', () => {
    const { UNKNOWN: _, ...known } = kafka.controlRecordTypes
    expect(ourTable('controlRecordTypes')).toEqual(known)
  })
})

function pascalCase(upperCase: string): string {
  return upperCase
    .split('_')
    .map(word => word.charAt(0) + word.slice(1).toLowerCase())
    .join('')
}
