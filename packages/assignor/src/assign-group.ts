import { KafkaError, messageOf } from '@logwerk/runtime'
import type { Assignor, AssignorCluster, AssignorMember, GroupAssignment } from './assignor.ts'

/**
 * Runs `assignor` and checks what it answers, so that a mistake in a custom one stops the leader instead of letting two members process
 * the same partition.
 *
 * @returns An entry for every member, also for those that the assignor left out.
 * @throws  KafkaError `ILLEGAL_STATE` that names the assignor and the place, if it threw (see `cause`), answered with no Map, named an
 *          unknown member, or gave away a partition twice, one that does not exist, or one of a topic that the member does not subscribe to.
 */
export function assignGroup(assignor: Assignor, cluster: AssignorCluster, members: readonly AssignorMember[]): GroupAssignment {
  let answer: GroupAssignment
  try {
    answer = assignor.assign(cluster, members)
  } catch (error) {
    throw new KafkaError('ILLEGAL_STATE', `assignor "${assignor.name}" failed: ${messageOf(error)}`, { cause: error })
  }
  if (!(answer instanceof Map)) throw mistake(assignor, 'answered with something else than a Map of members')
  const subscribed = new Map(members.map(member => [member.memberId, new Set(member.topics)]))
  const owners = new Map<string, Map<number, string>>()
  for (const [memberId, shares] of answer) {
    const topics = subscribed.get(memberId)
    if (topics === undefined) throw mistake(assignor, `named member "${memberId}", which is not in the group`)
    for (const { topic, partitions } of shares) {
      if (!topics.has(topic)) throw mistake(assignor, `gave topic ${topic} to member "${memberId}", which does not subscribe to it`, topic)
      const partitionCount = cluster.partitionsOf(topic)?.partitionCount ?? 0
      const ownerOf = owners.get(topic) ?? new Map<number, string>()
      owners.set(topic, ownerOf)
      for (const partition of partitions) {
        if (!Number.isInteger(partition) || partition < 0 || partition >= partitionCount)
          throw mistake(assignor, `gave partition ${partition} of topic ${topic}, which has ${partitionCount} partitions`, topic)
        const other = ownerOf.get(partition)
        if (other !== undefined)
          throw mistake(assignor, `gave ${topic}-${partition} to member "${other}" and again to member "${memberId}"`, topic, partition)
        ownerOf.set(partition, memberId)
      }
    }
  }
  return new Map(members.map(({ memberId }) => [memberId, answer.get(memberId) ?? []]))
}

function mistake(assignor: Assignor, what: string, topic?: string, partition?: number): KafkaError {
  const at = { ...(topic !== undefined && { topic }), ...(partition !== undefined && { partition }) }
  return new KafkaError('ILLEGAL_STATE', `assignor "${assignor.name}" ${what}`, { at })
}
