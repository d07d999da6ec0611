import { type BrokerErrorCode, brokerErrorCodes, refreshesMetadata } from '@logwerk/runtime'
import { expect, test } from 'vitest'
import { runJava } from './kafka-java.ts'

interface KafkaError {
  readonly name: string
  readonly number: number
  readonly retriable: boolean
  readonly refreshesMetadata: boolean
}

const byNumber = (one: KafkaError, other: KafkaError) => one.number - other.number

test('the error codes have the names, numbers and flags of Kafka', () => {
  const ours = Object.entries(brokerErrorCodes).map(([name, { number, retriable }]) => {
    return { name, number, retriable, refreshesMetadata: refreshesMetadata(name as BrokerErrorCode) }
  })
  const theirs = JSON.parse(runJava('DumpErrors')) as KafkaError[]
  expect(ours.sort(byNumber)).toEqual(theirs.sort(byNumber))
})
