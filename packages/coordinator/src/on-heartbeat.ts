import type { HeartbeatRequest, HeartbeatResponseInput } from '@logwerk/protocol'
import { assertNever } from '@logwerk/runtime'
import { type ClassicGroup, memberRefusal } from './classic-group.ts'
import { answered, type Step, sessionTimer, type TimerChange } from './step.ts'

/**
 * A member says that it is there, and learns whether it has to rejoin. Source: Kafka's `GroupMetadataManager.classicGroupHeartbeat`; codes
 * measured on 4.4.0.
 */
export function onHeartbeat(group: ClassicGroup | null, request: HeartbeatRequest): Step<HeartbeatResponseInput> {
  const { groupId, memberId, groupInstanceId, generationId } = request
  if (groupId === '') return answered(group, { errorCode: 'INVALID_GROUP_ID' })
  if (group === null) return answered(group, { errorCode: 'UNKNOWN_MEMBER_ID' })
  if (group.state === 'dead') return answered(group, { errorCode: 'COORDINATOR_NOT_AVAILABLE' })
  const refusal = memberRefusal(group, memberId, groupInstanceId)
  if (refusal !== null) return answered(group, { errorCode: refusal })
  if (generationId !== group.generationId) return answered(group, { errorCode: 'ILLEGAL_GENERATION' })
  const alive: readonly TimerChange[] = [{ timer: sessionTimer(memberId), delayMs: group.members.get(memberId)!.sessionTimeoutMs }]
  switch (group.state) {
    case 'stable':
      return answered(group, { errorCode: 'NONE' }, alive)
    case 'completingRebalance':
      // Members send heartbeats from their JoinGroup answer on, while the leader still assigns.
      return answered(group, { errorCode: 'NONE' }, alive)
    case 'preparingRebalance':
      // The member is well but has to rejoin: its session goes on, or a slow rejoin would put it out.
      return answered(group, { errorCode: 'REBALANCE_IN_PROGRESS' }, alive)
    case 'empty':
      return answered(group, { errorCode: 'UNKNOWN_MEMBER_ID' })
    default:
      return assertNever(group.state)
  }
}
