import { createAdmin } from '@logwerk/admin'
import { openBroker } from '@logwerk/broker'
import { hashOf, murmur2, type Partitioner, type PartitionInput, toPartition } from '@logwerk/partitioner'
import { createProducer } from '@logwerk/producer'
import { string } from '@logwerk/serde-bytes'

/** All records of a tenant stay in order; the tenant is the part of the key before the colon. */
const byTenant = hashOf(({ key }: PartitionInput<string>) => key?.split(':', 1)[0] ?? null, 'byTenant')

/** The biggest tenant has the last partition to itself; the others are hashed over the rest. Null is "no opinion": the default decides. */
const acmeAlone: Partitioner<string> = ({ key, keyBytes, partitionCount }) => {
  if (key === null || keyBytes === null) return null
  const last = partitionCount - 1
  return key.startsWith('acme:') ? last : toPartition(murmur2(keyBytes), last)
}

await using broker = await openBroker()
await using admin = createAdmin({ broker })
await admin.createTopics([
  { name: 'by-tenant', partitions: 6 },
  { name: 'acme-alone', partitions: 6 },
])

/** Where each key lands. */
async function partitionsWith(partitioner: Partitioner<string>, topic: string, keys: readonly string[]): Promise<number[]> {
  await using producer = createProducer({ broker, key: string, partitioner })
  const stored = await producer.sendBatch(keys.map(key => ({ topic, key, value: 'an order' })))
  for (const [index, { partition }] of stored.entries()) console.log(`${topic.padEnd(12)}${keys[index]!.padEnd(10)}-> ${partition}`)
  return stored.map(({ partition }) => partition)
}

const keys = ['acme:1', 'acme:2', 'acme:3', 'zeta:1', 'zeta:2', 'zeta:3']
const tenants = await partitionsWith(byTenant, 'by-tenant', keys)
if (new Set(tenants.slice(0, 3)).size !== 1 || new Set(tenants.slice(3)).size !== 1) throw new Error('a tenant was torn apart')
const alone = await partitionsWith(acmeAlone, 'acme-alone', keys)
if (!alone.slice(0, 3).every(partition => partition === 5) || alone.slice(3).includes(5)) throw new Error('acme is not alone')
