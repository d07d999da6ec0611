import type { FetchResponse } from '@logwerk/protocol'
import { type Uuid, ZERO_UUID } from '@logwerk/runtime'

/** A partition as a Fetch request names it. */
export interface FetchWish {
  readonly topic: string
  readonly topicId: Uuid
  readonly partition: number
  readonly fetchOffset: number
  readonly currentLeaderEpoch: number
  readonly partitionMaxBytes: number
}

interface TopicWishes {
  readonly topic: string
  readonly topicId: Uuid
  readonly partitions: FetchWish[]
}

/** The session part of a Fetch request. */
export interface SessionRequest {
  readonly sessionId: number
  readonly sessionEpoch: number
  readonly topics: readonly TopicWishes[]
  readonly forgottenTopicsData: readonly { readonly topic: string; readonly topicId: Uuid; readonly partitions: readonly number[] }[]
}

/**
 * The consumer's side of a fetch session with one broker (KIP-227): after a whole request only what changed is sent. Source: Kafka's
 * `FetchSessionHandler`.
 */
export class FetchSession {
  #id = 0
  /** 0: the next request is whole. */
  #epoch = 0
  #known = new Map<string, FetchWish>()
  #usesIds = false

  /** @param usesIds  All topics have ids, and the request goes by them. Sessions do not change their ways, so a change begins a new one. */
  request(wishes: readonly FetchWish[], usesIds: boolean): SessionRequest {
    if (usesIds !== this.#usesIds) this.#epoch = 0
    this.#usesIds = usesIds
    const next = new Map(wishes.map(wish => [keyOf(wish), wish]))
    const whole = this.#epoch === 0
    const changed = whole ? wishes : wishes.filter(wish => differs(wish, this.#known.get(keyOf(wish))))
    const forgotten = whole ? [] : [...this.#known].filter(([key]) => !next.has(key)).map(([, wish]) => wish)
    this.#known = next
    const forgottenTopics = new Map<string, { topic: string; topicId: Uuid; partitions: number[] }>()
    for (const { topic, topicId, partition } of forgotten) {
      const entry = forgottenTopics.get(topic) ?? { topic, topicId, partitions: [] }
      entry.partitions.push(partition)
      forgottenTopics.set(topic, entry)
    }
    return { sessionId: this.#id, sessionEpoch: this.#epoch, topics: byTopic(changed), forgottenTopicsData: [...forgottenTopics.values()] }
  }

  /** Takes in an answer; false if it is an error of the session, after which the next request is whole. */
  answered({ errorCode, sessionId }: FetchResponse): boolean {
    if (errorCode !== 'NONE') {
      // An unknown session is not worth closing; one whose epoch went astray is, and asking anew under its id does that.
      if (errorCode === 'FETCH_SESSION_ID_NOT_FOUND') this.#id = 0
      this.#epoch = 0
      return false
    }
    if (sessionId === 0) {
      this.#id = 0
      this.#epoch = 0
    } else {
      this.#epoch = this.#id === sessionId && this.#epoch > 0 ? (this.#epoch === MAX_EPOCH ? 1 : this.#epoch + 1) : 1
      this.#id = sessionId
    }
    return true
  }

  /** The answer was lost: nobody knows what the broker's session has seen. */
  lost(): void {
    this.#id = 0
    this.#epoch = 0
  }
}

const MAX_EPOCH = 0x7fff_ffff

function byTopic(wishes: readonly FetchWish[]): TopicWishes[] {
  const topics = new Map<string, TopicWishes>()
  for (const wish of wishes) {
    const { topic, topicId } = wish
    const entry = topics.get(topic) ?? { topic, topicId, partitions: [] }
    entry.partitions.push(wish)
    topics.set(topic, entry)
  }
  return [...topics.values()]
}

function differs(wish: FetchWish, known: FetchWish | undefined): boolean {
  return (
    known === undefined ||
    wish.fetchOffset !== known.fetchOffset ||
    wish.currentLeaderEpoch !== known.currentLeaderEpoch ||
    wish.partitionMaxBytes !== known.partitionMaxBytes
  )
}

/** A topic made anew has another id, and is another topic to the session. */
function keyOf({ topic, topicId, partition }: FetchWish): string {
  return `${topicId === ZERO_UUID ? topic : topicId}/${partition}`
}
