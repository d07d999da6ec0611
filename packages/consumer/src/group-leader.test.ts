import { rangeAssignor } from '@logwerk/assignor'
import { KafkaClient, whereTo } from '@logwerk/client'
import {
  consumerProtocolAssignment,
  consumerProtocolSubscription,
  decodeVersioned,
  encodeVersioned,
  type JoinGroupResponse,
} from '@logwerk/protocol'
import { expect, test } from 'vitest'
import { resolveConsumerConfig } from './consumer-config.ts'
import { GroupLeader } from './group-leader.ts'
import { ScriptedCluster } from './scripted-cluster.test-support.ts'

test('the leader knows the topics of all members before it gives out partitions, also when others are being asked for just then', async () => {
  const cluster = await ScriptedCluster.start(1)
  cluster.topic('orders', 1, 1)
  const options = { bootstrapServers: ['b1:9092'], groupId: 'g' }
  const { world, bootstrap } = whereTo('test', { world: cluster.simulation.machine('reader').world }, options.bootstrapServers)
  const client = new KafkaClient(world, { ...resolveConsumerConfig(options), bootstrap, allowAutoTopicCreation: false })
  const refreshing = client.refresh()
  const leader = new GroupLeader(client, 'g')
  const metadata = encodeVersioned(consumerProtocolSubscription, 1, { topics: ['orders'] })
  const joined = { members: [{ memberId: 'a', groupInstanceId: null, metadata }], skipAssignment: false } as unknown as JoinGroupResponse
  const given = await cluster.run(leader.assign(rangeAssignor, joined, new AbortController().signal))
  await cluster.run(refreshing)
  expect(decodeVersioned(consumerProtocolAssignment, given[0]!.assignment).value.assignedPartitions).toEqual([
    { topic: 'orders', partitions: [0, 1] },
  ])
  leader.resign()
  client.close()
})
