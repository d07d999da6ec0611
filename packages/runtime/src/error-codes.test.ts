import { describe, expect, test } from 'vitest'
import {
  type BrokerErrorCode,
  type BrokerErrorInfo,
  brokerErrorCodes,
  errorNameOf,
  errorNumberOf,
  refreshesMetadata,
} from './error-codes.ts'

const rows = Object.entries(brokerErrorCodes) as [BrokerErrorCode, BrokerErrorInfo][]

describe('the table', () => {
  test('has the numbers -1 to 136, each once and in order', () => {
    expect(rows.map(([, info]) => info.number)).toEqual(Array.from({ length: 138 }, (_, index) => index - 1))
  })

  test('has names in the form of Kafka, and no two descriptions alike', () => {
    for (const [name] of rows) expect(name).toMatch(/^[A-Z]+(_[A-Z]+)*$/)
    expect(new Set(rows.map(([, info]) => info.description)).size).toBe(rows.length)
  })

  test('describes in a form that reads on after a colon', () => {
    for (const [name, { description }] of rows) expect(description, name).toMatch(/^[a-z].*[^.\s]$/)
  })

  test('asks for new metadata only where an error may pass', () => {
    for (const [name, info] of rows) if (refreshesMetadata(name)) expect(info.retriable, name).toBe(true)
  })

  test.each([
    ['UNKNOWN_SERVER_ERROR', -1, false, false],
    ['NONE', 0, false, false],
    ['CORRUPT_MESSAGE', 2, true, false],
    ['UNKNOWN_TOPIC_OR_PARTITION', 3, true, true],
    ['NOT_LEADER_OR_FOLLOWER', 6, true, true],
    ['REQUEST_TIMED_OUT', 7, true, false],
    ['NETWORK_EXCEPTION', 13, true, true],
    ['COORDINATOR_LOAD_IN_PROGRESS', 14, true, false],
    ['NOT_COORDINATOR', 16, true, true],
    ['REBALANCE_IN_PROGRESS', 27, false, false],
    ['OUT_OF_ORDER_SEQUENCE_NUMBER', 45, false, false],
    ['CONCURRENT_TRANSACTIONS', 51, true, false],
    ['KAFKA_STORAGE_ERROR', 56, true, true],
    ['FENCED_LEADER_EPOCH', 74, true, true],
    ['UNKNOWN_LEADER_EPOCH', 75, true, false],
    ['PRODUCER_FENCED', 90, false, false],
    ['UNKNOWN_TOPIC_ID', 100, true, true],
    ['TRANSACTION_ABORTABLE', 120, false, false],
    ['SHARE_SESSION_LIMIT_REACHED', 133, true, false],
    ['CONTROLLER_ID_NOT_REGISTERED', 136, false, false],
  ] as const)('%s is %d, retriable %s, refreshes metadata %s', (name, number, retriable, refreshes) => {
    expect(brokerErrorCodes[name].number).toBe(number)
    expect(brokerErrorCodes[name].retriable).toBe(retriable)
    expect(refreshesMetadata(name)).toBe(refreshes)
  })
})

test('names and numbers lead to each other', () => {
  for (const [name, { number }] of rows) {
    expect(errorNumberOf(name)).toBe(number)
    expect(errorNameOf(number)).toBe(name)
  }
})

test.each([-2, -32_768, 137, 138, 32_767, Number.NaN, 0.5])('%d is an unknown number', number => {
  expect(errorNameOf(number)).toBe('UNKNOWN_SERVER_ERROR')
})
