import { expect, test } from 'vitest'
import { groupPartition } from './group-partition.ts'

// Utils.abs(groupId.hashCode()) of Kafka 4.4.0 on Java 17, modulo 50.
test.each([
  ['', 0],
  ['g', 3],
  ['billing', 9],
  ['console-consumer-12345', 6],
  ['über-😀', 39],
])('"%s" lies where Kafka puts it', (groupId, partition) => {
  expect(groupPartition(groupId, 50)).toBe(partition)
})

test('the one hash code without a positive counterpart is partition 0', () => {
  expect(groupPartition('polygenelubricants', 50)).toBe(0)
})
