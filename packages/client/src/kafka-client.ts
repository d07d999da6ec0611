import { type Api, coordinatorTypes, findCoordinator, metadata as metadataApi } from '@logwerk/protocol'
import {
  backoffMs,
  brokerError,
  type Endpoint,
  formatEndpoint,
  isBrokerErrorCode,
  KafkaError,
  messageOf,
  randomBelow,
  refreshesMetadata,
  sleep,
  TimeoutError,
  type Timer,
  type World,
  withTimeout,
} from '@logwerk/runtime'
import type { BrokerConnection, SendOptions } from './broker-connection.ts'
import { closedError } from './closed-error.ts'
import { Connections, type ConnectionsOptions, type Purpose } from './connections.ts'
import { Metadata, type TopicMetadata, unknownTopic } from './metadata.ts'

export interface KafkaClientOptions extends ConnectionsOptions {
  readonly bootstrap: readonly Endpoint[]
  readonly retryBackoffMs: number
  readonly retryBackoffMaxMs: number
  readonly metadataMaxAgeMs: number
  /** Asking for a topic may create it. */
  readonly allowAutoTopicCreation: boolean
  /** The connection for metadata and the like. Default `data`; a consumer's data connection is often busy waiting for records. */
  readonly metadataPurpose?: Purpose
}

/** Which topics a refresh of the metadata asks for: those named, or all there are. */
type Interest = Set<string> | 'all'

/**
 * What producer, consumer and admin share: the brokers' connections, the metadata and its refreshes, and finding coordinators.
 * Everything that fails for a reason that passes is tried again by whoever asked; see {@link retrying}.
 */
export class KafkaClient {
  readonly world: World
  readonly metadata = new Metadata()
  readonly #options: KafkaClientOptions
  readonly #connections: Connections
  readonly #abort = new AbortController()
  #interest: Interest = new Set()
  #refreshing: Promise<void> | null = null
  #refreshedMs = Number.NEGATIVE_INFINITY
  #refreshFailures = 0
  /** Refreshes that have ended, well or not. */
  #refreshCount = 0
  #ageTimer: Timer | null = null
  #listeners = new Set<() => void>()
  #lastRefreshError: unknown = null
  /** What the last refresh that succeeded asked for. */
  #asked: ReadonlySet<string> | 'all' = new Set()
  #soonTimer: Timer | null = null
  /** Ends each wait between two attempts. Not listeners on `signal`, of which there may be as many as topics: Node warns of more than ten. */
  readonly #pauses = new Set<() => void>()
  /** Somebody found the metadata stale, and no refresh has succeeded since. */
  #isStale = false

  constructor(world: World, options: KafkaClientOptions) {
    this.world = world
    this.#options = options
    this.#connections = new Connections(world, options)
  }

  get isClosed(): boolean {
    return this.#abort.signal.aborted
  }

  /** Aborts when the client closes. */
  get signal(): AbortSignal {
    return this.#abort.signal
  }

  /** Why the last refresh of the metadata failed; null if it did not. */
  get lastRefreshError(): unknown {
    return this.#lastRefreshError
  }

  /** `listener` runs after each change of the metadata; returns how to stop that. */
  onMetadata(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Adds topics to those that refreshes ask for. */
  addInterest(topics: Iterable<string>): void {
    if (this.#interest !== 'all') for (const topic of topics) this.#interest.add(topic)
  }

  /** Replaces the topics that refreshes ask for; the others are forgotten at the next one. */
  setInterest(topics: Iterable<string> | 'all'): void {
    this.#interest = topics === 'all' ? 'all' : new Set(topics)
  }

  removeInterest(topic: string): void {
    if (this.#interest === 'all') return
    this.#interest.delete(topic)
    this.metadata.forget(topic)
  }

  /**
   * The metadata of a topic, as known, or asked for until it is.
   *
   * @throws TimeoutError after `timeoutMs`, naming the last reason; KafkaError for a reason that does not pass; `signal.reason`.
   */
  async topic(name: string, timeoutMs: number, signal?: AbortSignal): Promise<TopicMetadata> {
    const known = this.metadata.topic(name)
    if (known !== undefined && known.partitions.length > 0) return known
    const { clock } = this.world
    const deadlineMs = clock.monotonicMs() + timeoutMs
    let seenCount = -1
    for (let attempt = 0; ; attempt++) {
      this.addInterest([name])
      // Of many who wait, each for a topic of its own, the first to wake asks for all.
      if (this.#refreshCount === seenCount || !this.#isAnswered(name)) {
        const restMs = deadlineMs - clock.monotonicMs()
        await withTimeout(clock, this.refresh(), restMs, () => this.#topicTimeout(name, timeoutMs), signal).catch(error => {
          if (!isPassing(error)) throw error
        })
      }
      seenCount = this.#refreshCount
      const topic = this.metadata.topic(name)
      if (topic !== undefined && topic.partitions.length > 0) return topic
      const code = this.metadata.errorOf(name)
      if (code !== undefined && !brokerError(code).retriable) throw unknownTopic(name, code)
      // The refresh had been under way already, for others.
      if (!this.#isAnswered(name) && clock.monotonicMs() < deadlineMs) continue
      const waitMs = this.#retryWaitMs(attempt)
      if (clock.monotonicMs() + waitMs >= deadlineMs) throw this.#topicTimeout(name, timeoutMs)
      await this.#pause(waitMs, signal)
    }
  }

  /** Asks for the metadata now, or joins the asking under way. @throws KafkaError */
  refresh(): Promise<void> {
    if (this.isClosed) return Promise.reject(closedError())
    this.#refreshing ??= this.#refresh().finally(() => {
      this.#refreshing = null
      if (this.#isStale) this.refreshSoon()
    })
    return this.#refreshing
  }

  /** Asks for the metadata soon, at most once per backoff, until that succeeds: for whoever found out that it is stale. Never throws. */
  refreshSoon(): void {
    this.#isStale = true
    if (this.isClosed || this.#refreshing !== null || this.#soonTimer !== null) return
    const { clock } = this.world
    const waitMs = Math.max(this.#refreshedMs + this.#options.retryBackoffMs - clock.monotonicMs(), 0)
    this.#soonTimer = clock.setTimer(waitMs, () => {
      this.#soonTimer = null
      // It asks again by itself if it fails.
      this.refresh().catch(() => {})
    })
  }

  /** The open connection to a node, or null; starts nothing. */
  peek(nodeId: number, purpose: Purpose = 'data'): BrokerConnection | null {
    const endpoint = this.metadata.nodes.get(nodeId)
    return endpoint === undefined ? null : this.#connections.peek(endpoint, purpose)
  }

  /** Milliseconds until a connection to the node may be tried (again). */
  backoffOf(nodeId: number, purpose: Purpose = 'data'): number {
    const endpoint = this.metadata.nodes.get(nodeId)
    return endpoint === undefined ? 0 : this.#connections.backoffOf(endpoint, purpose)
  }

  /** A connection to a node. @throws KafkaError `NETWORK_EXCEPTION`, `BROKER_NOT_AVAILABLE` if the node is not known. */
  async connect(nodeId: number, purpose: Purpose = 'data'): Promise<BrokerConnection> {
    if (this.isClosed) throw closedError()
    const endpoint = this.metadata.nodes.get(nodeId)
    if (endpoint === undefined) throw brokerError('BROKER_NOT_AVAILABLE', { broker: nodeId }, 'the metadata does not name it')
    return await this.#connections.get(endpoint, purpose)
  }

  /** Sends to a node. @throws as {@link connect} and {@link BrokerConnection.send}. */
  async send<Req, ReqIn, Res, ResIn>(
    nodeId: number,
    api: Api<Req, ReqIn, Res, ResIn>,
    request: ReqIn,
    options: SendOptions & { readonly purpose?: Purpose } = {},
  ): Promise<Res> {
    const connection = await this.connect(nodeId, options.purpose)
    return await connection.send(api, request, options)
  }

  /** Sends to whichever broker answers. */
  async sendToAny<Req, ReqIn, Res, ResIn>(api: Api<Req, ReqIn, Res, ResIn>, request: ReqIn, options: SendOptions = {}): Promise<Res> {
    const connection = await this.#anyConnection()
    return await connection.send(api, request, options)
  }

  /** Sends to the controller, which changes topics and configs. */
  async sendToController<Req, ReqIn, Res, ResIn>(
    api: Api<Req, ReqIn, Res, ResIn>,
    request: ReqIn,
    options: SendOptions = {},
  ): Promise<Res> {
    if (this.metadata.controllerId < 0) await this.refresh()
    // In KRaft every broker forwards what is the controller's; -1 says that none is named.
    return this.metadata.controllerId < 0
      ? await this.sendToAny(api, request, options)
      : await this.send(this.metadata.controllerId, api, request, options)
  }

  /**
   * The broker that coordinates a group; remembered by the caller, who asks again after NOT_COORDINATOR or a lost connection.
   *
   * @throws KafkaError, also retriable ones; see {@link retrying}.
   */
  async findGroupCoordinator(groupId: string): Promise<number> {
    const connection = await this.#anyConnection()
    const batched = connection.versionOf(findCoordinator) >= 4
    const answer = await connection.send(findCoordinator, {
      keyType: coordinatorTypes.GROUP,
      ...(batched ? { coordinatorKeys: [groupId] } : { key: groupId }),
    })
    const found = batched ? answer.coordinators[0] : answer
    if (found === undefined) throw brokerError('COORDINATOR_NOT_AVAILABLE', { groupId })
    if (found.errorCode !== 'NONE') throw brokerError(found.errorCode, { groupId }, found.errorMessage)
    this.metadata.addNode(found.nodeId, { host: found.host, port: found.port })
    return found.nodeId
  }

  /**
   * Runs `action` until it succeeds, fails for a reason that does not pass, or `timeoutMs` is over. Waits grow with each failure
   * (KIP-580), and an error that says that the metadata is stale has it asked for anew.
   *
   * @throws the action's last error; TimeoutError with it as the cause; `signal.reason`; KafkaError `CLOSED`.
   */
  async retrying<T>(
    what: string,
    options: { readonly timeoutMs: number; readonly signal?: AbortSignal | undefined },
    action: (attempt: number) => Promise<T>,
  ): Promise<T> {
    const { clock } = this.world
    const deadlineMs = clock.monotonicMs() + options.timeoutMs
    for (let attempt = 0; ; attempt++) {
      try {
        const restMs = Math.max(deadlineMs - clock.monotonicMs(), 0)
        return await withTimeout(clock, action(attempt), restMs, () => timedOut(what, options.timeoutMs), options.signal)
      } catch (error) {
        if (options.signal?.aborted) throw options.signal.reason
        if (this.isClosed) throw closedError()
        if (!isPassing(error) || clock.monotonicMs() >= deadlineMs) throw error
        if (isStale(error)) this.refreshSoon()
        const waitMs = this.#retryWaitMs(attempt)
        if (clock.monotonicMs() + waitMs >= deadlineMs) throw timedOut(what, options.timeoutMs, error)
        await this.#pause(waitMs, options.signal)
      }
    }
  }

  /** The wait before attempt `attempt + 1`. */
  retryWaitMs(attempt: number): number {
    return this.#retryWaitMs(attempt)
  }

  /** Ends all connections; calls that wait fail with `CLOSED`. Idempotent. */
  close(): void {
    if (this.isClosed) return
    this.#abort.abort(closedError())
    this.#ageTimer?.cancel()
    this.#soonTimer?.cancel()
    this.#connections.close()
    for (const end of this.#pauses) end()
    this.#listeners.clear()
  }

  async #refresh(): Promise<void> {
    try {
      const interest = this.#interest
      const connection = await this.#anyConnection()
      const asked = interest === 'all' ? interest : new Set(interest)
      const topics = asked === 'all' ? null : [...asked].map(name => ({ name }))
      const response = await connection.send(metadataApi, { topics, allowAutoTopicCreation: this.#options.allowAutoTopicCreation })
      const at = { broker: formatEndpoint(connection.endpoint) }
      if (response.errorCode === 'REBOOTSTRAP_REQUIRED') {
        this.metadata.forgetNodes()
        throw new KafkaError(response.errorCode, brokerError(response.errorCode, at).message, { at, retriable: true })
      }
      if (response.errorCode !== 'NONE') throw brokerError(response.errorCode, at)
      // Kafka's brokers answer so while they start. Taken for true, it would have all topics forgotten.
      if (response.brokers.length === 0) {
        throw new KafkaError('BROKER_NOT_AVAILABLE', `the broker at ${at.broker} knows of no broker yet`, { at, retriable: true })
      }
      // A topic that became interesting while the answer was under way must not be forgotten for not being in it.
      this.metadata.update(response, interest === this.#interest && (asked === 'all' || this.#isAllOf(asked)))
      this.#asked = asked
      this.#refreshedMs = this.world.clock.monotonicMs()
      this.#refreshFailures = 0
      this.#isStale = false
      this.#lastRefreshError = null
      this.#watchAge()
      for (const listener of [...this.#listeners]) listener()
    } catch (error) {
      this.#refreshFailures++
      this.#lastRefreshError = error
      // The next one waits for longer.
      this.#refreshedMs = this.world.clock.monotonicMs() + this.#retryWaitMs(this.#refreshFailures) - this.#options.retryBackoffMs
      throw this.isClosed ? closedError() : error
    } finally {
      this.#refreshCount++
    }
  }

  #isAllOf(asked: ReadonlySet<string>): boolean {
    if (this.#interest === 'all') return false
    for (const topic of this.#interest) if (!asked.has(topic)) return false
    return true
  }

  /** Waits. @throws `signal.reason`; KafkaError `CLOSED` */
  async #pause(durationMs: number, signal: AbortSignal | undefined): Promise<void> {
    const ended = new AbortController()
    const onAbort = () => ended.abort(signal?.aborted ? signal.reason : closedError())
    if (this.isClosed || signal?.aborted) onAbort()
    signal?.addEventListener('abort', onAbort, { once: true })
    this.#pauses.add(onAbort)
    try {
      await sleep(this.world.clock, durationMs, ended.signal)
    } finally {
      this.#pauses.delete(onAbort)
      signal?.removeEventListener('abort', onAbort)
    }
  }

  #watchAge(): void {
    this.#ageTimer?.cancel()
    this.#ageTimer = this.world.clock.setTimer(this.#options.metadataMaxAgeMs, () => this.refreshSoon(), { background: true })
  }

  /**
   * The open connection with the fewest requests under way, else one to a broker chosen at random, else to a bootstrap address; each is
   * tried once.
   */
  async #anyConnection(): Promise<BrokerConnection> {
    if (this.isClosed) throw closedError()
    const nodes = [...this.metadata.nodes.values()]
    const purpose = this.#options.metadataPurpose ?? 'data'
    let idlest: BrokerConnection | null = null
    for (const endpoint of nodes) {
      const open = this.#connections.peek(endpoint, purpose)
      if (open !== null && (idlest === null || open.inFlightCount < idlest.inFlightCount)) idlest = open
    }
    if (idlest !== null) return idlest
    // Known brokers first, the bootstrap addresses as the way back when none of them answers (KIP-899).
    const candidates = [...this.#byReadiness(nodes, purpose), ...this.#byReadiness(this.#options.bootstrap, purpose)]
    const failures: string[] = []
    let last: unknown = null
    let passing = false
    for (const endpoint of candidates) {
      try {
        return await this.#connections.get(endpoint, purpose)
      } catch (error) {
        if (this.isClosed) throw closedError()
        last = error
        passing ||= isPassing(error)
        failures.push(messageOf(error))
      }
    }
    // One wrong address among good ones must not be the end: only if all of them are is there nothing to wait for.
    if (failures.length === 1 || !passing) throw last
    throw new KafkaError('NETWORK_EXCEPTION', `no broker can be reached: ${[...new Set(failures)].join('; ')}`, { cause: last })
  }

  /** In random order, but those last that have to be waited for. */
  #byReadiness(endpoints: readonly Endpoint[], purpose: Purpose): Endpoint[] {
    const backoffOf = (endpoint: Endpoint) => this.#connections.backoffOf(endpoint, purpose)
    return shuffled(this.world, endpoints).sort((a, b) => backoffOf(a) - backoffOf(b))
  }

  #retryWaitMs(attempt: number): number {
    return backoffMs({ initialMs: this.#options.retryBackoffMs, maxMs: this.#options.retryBackoffMaxMs }, attempt, this.world.random)
  }

  #topicTimeout(topic: string, timeoutMs: number): TimeoutError {
    const late = `topic ${topic} is not in the metadata after ${Math.round(timeoutMs)} ms`
    const cause = this.#lastRefreshError
    if (cause !== null) return new TimeoutError(`${late}: ${messageOf(cause)}`, { at: { topic }, cause })
    if (!this.#isAnswered(topic)) {
      const asked = this.metadata.nodes.size > 0 ? [...this.metadata.nodes.values()] : this.#options.bootstrap
      const hint = 'check the address, and whether this listener wants TLS or SASL'
      return new TimeoutError(`${late}: no answer yet from ${asked.map(formatEndpoint).join(', ')}; ${hint}`, { at: { topic } })
    }
    const code = this.metadata.errorOf(topic) ?? 'UNKNOWN_TOPIC_OR_PARTITION'
    return new TimeoutError(`${late}: ${unknownTopic(topic, code).message}`, { at: { topic }, code })
  }

  /** True if the last refresh was about this topic too, or failed for all. */
  #isAnswered(topic: string): boolean {
    return this.#lastRefreshError !== null || this.#asked === 'all' || this.#asked.has(topic)
  }
}

/** True for errors that may be gone at the next attempt. */
export function isPassing(error: unknown): boolean {
  return error instanceof KafkaError && error.retriable
}

/** True for errors after which a refresh of the metadata helps. */
function isStale(error: unknown): boolean {
  return (
    error instanceof KafkaError && (error.code === 'NOT_CONTROLLER' || (isBrokerErrorCode(error.code) && refreshesMetadata(error.code)))
  )
}

function timedOut(what: string, timeoutMs: number, cause?: unknown): TimeoutError {
  const why = cause === undefined ? '' : `: ${messageOf(cause)}`
  return new TimeoutError(`${what} did not succeed within ${Math.round(timeoutMs)} ms${why}`, { cause })
}

function shuffled<T>(world: World, items: readonly T[]): T[] {
  const result = [...items]
  for (let index = result.length - 1; index > 0; index--) {
    const other = randomBelow(world.random, index + 1)
    const item = result[index]!
    result[index] = result[other]!
    result[other] = item
  }
  return result
}
