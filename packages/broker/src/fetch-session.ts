import type { FetchRequest } from '@logwerk/protocol'
import { type Random, randomBelow, type Uuid, ZERO_UUID } from '@logwerk/runtime'

/** A partition that a client fetches, as it last said. */
export interface FetchTarget {
  readonly topic: string
  readonly topicId: Uuid
  readonly partition: number
  fetchOffset: number
  maxBytes: number
  currentLeaderEpoch: number
  /** Epoch of the last record that the reader has; -1 if it does not say. */
  lastFetchedEpoch: number
}

/** A target in a session, with what the client was last told of it. */
interface SessionTarget extends FetchTarget {
  highWatermark: number
  logStartOffset: number
}

interface Session {
  readonly id: number
  readonly usesTopicIds: boolean
  /** The epoch that the next request has to carry. */
  nextEpoch: number
  lastUsedMs: number
  readonly createdMs: number
  /** In the order in which they are served: who got data goes to the end, so that no partition starves. */
  readonly targets: Map<string, SessionTarget>
}

/** What the answer to one partition tells, as far as sessions care. */
export interface FetchedState {
  readonly highWatermark: number
  readonly logStartOffset: number
  readonly hasRecords: boolean
  readonly failed: boolean
}

export type FetchSessionError = 'FETCH_SESSION_ID_NOT_FOUND' | 'INVALID_FETCH_SESSION_EPOCH' | 'FETCH_SESSION_TOPIC_ID_ERROR'

/** How one fetch request is to be answered. */
export interface FetchPlan {
  /** Goes into the answer; 0 for none. */
  readonly sessionId: number
  readonly targets: readonly FetchTarget[]
  /** Whether the answer names this partition; a session leaves out what is not new. Notes what the client learns. */
  report(target: FetchTarget, state: FetchedState): boolean
}

const FINAL_EPOCH = -1
const INITIAL_EPOCH = 0
const MAX_EPOCH = 0x7fff_ffff
/**
 * After this long a session may be dropped for a new one if it is idle, or for a larger one if it is not: that saves more (Kafka's
 * `MIN_INCREMENTAL_FETCH_SESSION_EVICTION_MS`).
 */
const EVICTABLE_AFTER_MS = 120_000

/**
 * Fetch sessions (KIP-227): the broker remembers which partitions a client reads, so that a request names only what changed and an
 * answer only what is new. Pure: the time comes with each call. Source: Kafka's `FetchManager`; codes measured on 4.4.0.
 */
export class FetchSessions {
  readonly #maxSessions: number
  readonly #random: Random
  /** Least recently used first. */
  readonly #sessions = new Map<number, Session>()

  constructor(maxSessions: number, random: Random) {
    this.#maxSessions = maxSessions
    this.#random = random
  }

  get sessionCount(): number {
    return this.#sessions.size
  }

  /** @param byId  The request names topics by id (version 13 on). */
  plan(request: FetchRequest, byId: boolean, nowMs: number): FetchPlan | FetchSessionError {
    const { sessionId, sessionEpoch } = request
    if (sessionEpoch === FINAL_EPOCH || sessionEpoch === INITIAL_EPOCH) {
      if (sessionId !== 0) this.#sessions.delete(sessionId)
      const targets = targetsOf(request)
      const session = sessionEpoch === INITIAL_EPOCH && targets.length > 0 ? this.#open(targets, byId, nowMs) : null
      if (session === null) return { sessionId: 0, targets, report: () => true }
      return this.#planOf(session, true)
    }
    const session = this.#sessions.get(sessionId)
    if (session === undefined) return 'FETCH_SESSION_ID_NOT_FOUND'
    if (session.nextEpoch !== sessionEpoch) return 'INVALID_FETCH_SESSION_EPOCH'
    if (session.usesTopicIds !== byId) return 'FETCH_SESSION_TOPIC_ID_ERROR'
    session.nextEpoch = epochAfter(session.nextEpoch)
    session.lastUsedMs = nowMs
    this.#sessions.delete(sessionId)
    this.#sessions.set(sessionId, session)
    for (const target of targetsOf(request)) {
      const known = session.targets.get(keyOf(target))
      if (known === undefined) session.targets.set(keyOf(target), { ...target, highWatermark: -1, logStartOffset: -1 })
      else {
        known.fetchOffset = target.fetchOffset
        known.maxBytes = target.maxBytes
        known.currentLeaderEpoch = target.currentLeaderEpoch
        known.lastFetchedEpoch = target.lastFetchedEpoch
      }
    }
    for (const { topic, topicId, partitions } of request.forgottenTopicsData) {
      for (const partition of partitions) session.targets.delete(keyOf({ topic, topicId, partition }))
    }
    if (session.targets.size === 0) {
      this.#sessions.delete(sessionId)
      return { sessionId: 0, targets: [], report: () => true }
    }
    return this.#planOf(session, false)
  }

  #planOf(session: Session, full: boolean): FetchPlan {
    return {
      sessionId: session.id,
      targets: [...session.targets.values()],
      report: (target, { highWatermark, logStartOffset, hasRecords, failed }) => {
        const key = keyOf(target)
        const known = session.targets.get(key)
        if (known === undefined) return true
        const news = known.highWatermark !== highWatermark || known.logStartOffset !== logStartOffset
        known.highWatermark = highWatermark
        known.logStartOffset = logStartOffset
        if (hasRecords) {
          session.targets.delete(key)
          session.targets.set(key, known)
        }
        // An error is told every time, until it is gone.
        if (failed) known.highWatermark = -2
        return full || news || hasRecords || failed
      },
    }
  }

  #open(targets: readonly FetchTarget[], usesTopicIds: boolean, nowMs: number): Session | null {
    if (this.#maxSessions === 0) return null
    if (this.#sessions.size >= this.#maxSessions) {
      const evicted = this.#evictableFor(targets.length, nowMs)
      if (evicted === null) return null
      this.#sessions.delete(evicted.id)
    }
    let id = 0
    while (id === 0 || this.#sessions.has(id)) id = 1 + randomBelow(this.#random, MAX_EPOCH)
    const session: Session = {
      id,
      usesTopicIds,
      nextEpoch: 1,
      lastUsedMs: nowMs,
      createdMs: nowMs,
      targets: new Map(targets.map(target => [keyOf(target), { ...target, highWatermark: -1, logStartOffset: -1 }])),
    }
    this.#sessions.set(id, session)
    return session
  }

  #evictableFor(targetCount: number, nowMs: number): Session | null {
    const oldest = this.#sessions.values().next().value!
    if (nowMs - oldest.lastUsedMs >= EVICTABLE_AFTER_MS) return oldest
    let smallest: Session | null = null
    for (const session of this.#sessions.values()) {
      if (nowMs - session.createdMs < EVICTABLE_AFTER_MS || session.targets.size >= targetCount) continue
      if (smallest === null || session.targets.size < smallest.targets.size) smallest = session
    }
    return smallest
  }
}

/** Epochs wrap to 1: 0 and -1 have meanings of their own. */
export function epochAfter(epoch: number): number {
  return epoch === MAX_EPOCH ? 1 : epoch + 1
}

function targetsOf(request: FetchRequest): FetchTarget[] {
  return request.topics.flatMap(({ topic, topicId, partitions }) =>
    partitions.map(({ partition, fetchOffset, partitionMaxBytes, currentLeaderEpoch, lastFetchedEpoch }) => ({
      topic,
      topicId,
      partition,
      fetchOffset,
      maxBytes: partitionMaxBytes,
      currentLeaderEpoch,
      lastFetchedEpoch,
    })),
  )
}

function keyOf({ topic, topicId, partition }: { readonly topic: string; readonly topicId: Uuid; readonly partition: number }): string {
  return `${topicId === ZERO_UUID ? topic : topicId}/${partition}`
}
