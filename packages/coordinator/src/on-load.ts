import { type ClassicGroup, NO_BYTES } from './classic-group.ts'
import { GroupChange } from './group-change.ts'
import { refusal } from './join-response.ts'
import { prepareRebalance } from './rebalance.ts'
import type { GroupRules, Outcome } from './step.ts'

/** A coordinator takes over a stored group: all sessions begin anew, because it cannot know when each member was last heard of. */
export function onLoad(group: ClassicGroup, nowMs: number, rules: GroupRules): Outcome {
  const change = new GroupChange(group, nowMs, rules)
  for (const member of group.members.values()) change.keepAlive(member)
  if (group.members.size > rules.maxSize) prepareRebalance(change, `group.max.size is ${rules.maxSize} now`)
  return change.outcome()
}

/** A coordinator lets go of a group: everybody who waits is sent to find it again, and the timers stop. Nothing is stored. */
export function onUnload(group: ClassicGroup, nowMs: number, rules: GroupRules): Outcome {
  const change = new GroupChange(group, nowMs, rules)
  change.cancelTimer('join')
  change.cancelTimer('sync')
  for (const memberId of group.pendingMembers) change.removeMember(memberId)
  for (const member of group.members.values()) {
    change.answerJoin(member.awaitingJoin, refusal('NOT_COORDINATOR', member.memberId))
    change.answerSync(member.awaitingSync, { errorCode: 'NOT_COORDINATOR', assignment: NO_BYTES })
    change.setMember({ ...member, awaitingJoin: null, awaitingSync: null })
    change.cancelTimer(`session ${member.memberId}`)
  }
  change.moveTo('dead')
  return change.outcome()
}
