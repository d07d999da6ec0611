import { createAdmin } from '@logwerk/admin'
import { openBroker } from '@logwerk/broker'
import { type Consumer, createConsumer } from '@logwerk/consumer'
import { createProducer } from '@logwerk/producer'
import { string } from '@logwerk/serde-bytes'

const RECORDS = 60

await using broker = await openBroker()
await using admin = createAdmin({ broker })
await admin.createTopics([{ name: 'events', partitions: 6 }])
await using producer = createProducer({ broker, key: string, value: string })
const send = (from: number) =>
  producer.sendBatch(
    Array.from({ length: RECORDS }, (_, index) => ({ topic: 'events', key: `user-${index}`, value: `event ${from + index}` })),
  )

function member(groupId: string): Consumer<string, string> {
  return createConsumer({ broker, groupId, autoOffsetReset: 'earliest', enableAutoCommit: false, key: string, value: string })
}

/** Lets the members read in turns until they have had `count` records together, and commits. Answers how many each has had. */
async function readTogether(members: readonly Consumer<string, string>[], count: number): Promise<number[]> {
  const counts = members.map(() => 0)
  while (counts.reduce((sum, one) => sum + one, 0) < count) {
    for (const [index, one] of members.entries()) counts[index]! += (await one.poll({ timeoutMs: 50 })).length
  }
  for (const one of members) await one.commit()
  return counts
}

function check(what: string, actual: number, expected: number): void {
  if (actual !== expected) throw new Error(`${what}: ${actual} instead of ${expected}`)
}

// Two members of one group share the six partitions.
const [anna, ben] = [member('mailers'), member('mailers')]
for (const one of [anna, ben]) await one.subscribe(['events'])
while (anna.assignment().length !== 3 || ben.assignment().length !== 3) for (const one of [anna, ben]) await one.poll({ timeoutMs: 20 })
console.log(`mailers: anna has partitions ${numbersOf(anna)}, ben has ${numbersOf(ben)}`)
await send(0)
const [annas, bens] = await readTogether([anna, ben], RECORDS)
console.log(`mailers: anna has read ${annas} records, ben ${bens}`)
check('records of both', annas! + bens!, RECORDS)

// Another group reads the same records, all of them, at its own pace.
await using audit = member('audit')
await audit.subscribe(['events'])
check('records of audit', (await readTogether([audit], RECORDS))[0]!, RECORDS)
console.log(`audit:   one member has read all ${RECORDS}`)

// A member goes. The other takes over where the group had committed: nothing is missed, nothing comes twice.
await ben.close()
await send(RECORDS)
const [rest] = await readTogether([anna], RECORDS)
console.log(`mailers: ben has left, anna has partitions ${numbersOf(anna)} and has read ${rest} more`)
check('partitions of anna', anna.assignment().length, 6)
for (const groupId of ['mailers', 'audit']) {
  const lag = (await admin.groupLag(groupId)).reduce((sum, partition) => sum + (partition.lag ?? 0), 0)
  console.log(`${`${groupId}:`.padEnd(9)}${lag} records behind`)
  check(`lag of ${groupId}`, lag, groupId === 'mailers' ? 0 : RECORDS)
}
await anna.close()

function numbersOf(one: Consumer<string, string>): string {
  return one
    .assignment()
    .map(({ partition }) => partition)
    .sort()
    .join(', ')
}
