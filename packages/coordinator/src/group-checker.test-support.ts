import { isDeepStrictEqual } from 'node:util'
import type { ClassicGroup, Ticket } from './classic-group.ts'
import { metadataOf } from './classic-group.ts'
import type { GroupHarness } from './group-harness.test-support.ts'

/**
 * Looks at a group after each event and throws when something that must always hold does not. It knows the group only from what everybody
 * can see: answers, timers, the log, and the state.
 */
export class GroupChecker {
  readonly #harness: GroupHarness
  readonly #asked = new Set<Ticket>()
  /** By generation and member; a static member is one under all its ids. */
  readonly #assignments = new Map<string, string>()
  readonly #leaders = new Map<number, string>()
  #generationId = 0
  #assignedGenerationId = 0

  constructor(harness: GroupHarness) {
    this.#harness = harness
  }

  asked(ticket: Ticket): void {
    this.#asked.add(ticket)
  }

  /** The coordinator will be another one: who waits is gone, and what is not stored never was. */
  restarting(): void {
    this.#asked.clear()
    this.#generationId = this.#harness.replayed()?.generationId ?? 0
    this.#leaders.clear()
  }

  check(): void {
    const { group } = this.#harness
    this.#checkReplies(group)
    this.#checkGenerations(group)
    this.#checkAssignments(group)
    this.#checkTimers(group)
    this.#checkLog(group)
  }

  /** Each request is answered, or somebody still has its ticket. (Answering twice fails where it happens.) */
  #checkReplies(group: ClassicGroup | null): void {
    const held = new Set<Ticket>()
    for (const { awaitingJoin, awaitingSync } of group?.members.values() ?? []) {
      for (const ticket of [awaitingJoin, awaitingSync]) {
        if (ticket === null) continue
        must(!held.has(ticket), `request ${ticket} is held twice`)
        held.add(ticket)
      }
    }
    for (const ticket of this.#asked) {
      const isAnswered = this.#harness.joins.has(ticket) || this.#harness.syncs.has(ticket)
      must(isAnswered !== held.has(ticket), `request ${ticket} is ${isAnswered ? 'answered and still held' : 'lost'}`)
      if (isAnswered) this.#asked.delete(ticket)
    }
  }

  /** Generations rise by one, and every answer of a generation names the same leader, who alone learns of the members. */
  #checkGenerations(group: ClassicGroup | null): void {
    const generationId = group?.generationId ?? 0
    if (group === null) this.#generationId = 0
    must(generationId - this.#generationId <= 1, `the generation jumps from ${this.#generationId} to ${generationId}`)
    must(generationId >= this.#generationId, `the generation falls from ${this.#generationId} to ${generationId}`)
    if (group !== null && generationId > this.#generationId && group.state === 'completingRebalance') {
      must(generationId > this.#assignedGenerationId, `generation ${generationId} was assigned before`)
    }
    this.#generationId = generationId
    if (group === null) {
      this.#assignedGenerationId = 0
      this.#assignments.clear()
      this.#leaders.clear()
    }
    if (group?.state === 'completingRebalance' && group.leaderId !== null) {
      const leader = this.#leaders.get(generationId) ?? group.leaderId
      must(leader === group.leaderId, `generation ${generationId} has two leaders`)
      this.#leaders.set(generationId, leader)
    }
    for (const response of this.#harness.joins.values()) {
      if (response.members.length > 0) must(response.leader === response.memberId, 'somebody else than the leader learns of the members')
    }
  }

  /** Whoever asks in one generation, and whatever happens in between, gets the same assignment. */
  #checkAssignments(group: ClassicGroup | null): void {
    if (group?.state !== 'stable') return
    for (const { memberId, groupInstanceId, assignment } of group.members.values()) {
      const key = `${group.generationId} ${groupInstanceId ?? memberId}`
      const text = Buffer.from(assignment).toString('hex')
      must((this.#assignments.get(key) ?? text) === text, `${key} has two assignments`)
      this.#assignments.set(key, text)
    }
    this.#assignedGenerationId = Math.max(this.#assignedGenerationId, group.generationId)
  }

  #checkTimers(group: ClassicGroup | null): void {
    const running = new Set<string>(this.#harness.timers.keys())
    for (const [memberId, member] of group?.members ?? []) {
      const waits = !member.isNew && (member.awaitingJoin !== null || member.awaitingSync !== null)
      must(running.delete(`session ${memberId}`) || waits, `nobody notices when ${memberId} is gone`)
    }
    for (const memberId of group?.pendingMembers ?? [])
      must(running.delete(`session ${memberId}`), `the id ${memberId} is pending for ever`)
    must(
      running.delete('join') === (group?.state === 'preparingRebalance'),
      `the wait for joins runs in state ${group?.state}, or does not`,
    )
    const awaitsSyncs = group !== null && group.pendingSyncs.size > 0
    must(running.delete('sync') === awaitsSyncs, `the wait for syncs runs in state ${group?.state}, or does not`)
    must(running.size === 0, `timers run for nobody: ${[...running].join(', ')}`)
  }

  /** A new coordinator would find all offsets, and the group if it has come to rest. */
  #checkLog(group: ClassicGroup | null): void {
    const replayed = this.#harness.replayed()
    const offsetsOf = (from: ClassicGroup | null) => [...(from?.offsets ?? [])].map(([topic, partitions]) => [topic, new Map(partitions)])
    must(isDeepStrictEqual(new Map(offsetsOf(group) as []), new Map(offsetsOf(replayed) as [])), 'the log has other offsets')
    if (group === null || (group.state === 'empty' && group.generationId === 0)) {
      must(replayed === null || (replayed.generationId === 0 && replayed.members.size === 0), 'the log has a group that is none')
    } else if (group.state === 'stable' || group.state === 'empty') {
      must(isDeepStrictEqual(durable(group), durable(replayed)), 'the log has another group')
    } else {
      must((replayed?.generationId ?? 0) <= group.generationId, 'the log is ahead of the group')
    }
  }
}

/** What a group keeps over a restart. */
function durable(group: ClassicGroup | null) {
  if (group === null) return null
  const { state, stateSinceMs, generationId, protocolType, protocolName, leaderId, members, subscribedTopics } = group
  return {
    ...{ state, stateSinceMs, generationId, protocolType, protocolName, leaderId, subscribedTopics },
    members: [...members.values()].map(member => ({
      ...member,
      protocols: metadataOf(member, protocolName ?? ''),
      awaitingJoin: null,
      awaitingSync: null,
      isNew: false,
    })),
  }
}

function must(condition: boolean, message: string): void {
  if (!condition) throw new Error(message)
}
