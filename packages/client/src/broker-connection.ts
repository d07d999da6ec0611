import {
  type AnyApi,
  type Api,
  type ApiVersionsResponse,
  apiVersions,
  decodeResponseHeader,
  encodeRequestHeader,
  FrameReader,
  MessageReader,
  MessageWriter,
} from '@logwerk/protocol'
import {
  BoundedQueue,
  type Connection,
  type Endpoint,
  formatEndpoint,
  KafkaError,
  messageOf,
  TimeoutError,
  type Timer,
  type World,
} from '@logwerk/runtime'

/** Responses larger than this are refused: no broker sends them, and a length that lies must not make us allocate. */
const MAX_RESPONSE_BYTES = 0x7fff_ffff - 16
/** Requests that may wait for an answer on one connection. What a client keeps in flight is its own, smaller, business. */
const MAX_IN_FLIGHT = 1000
/**
 * The same until the versions are agreed on: whoever answers in another protocol is found out by the first four bytes, which read as a
 * huge length, and not after waiting for a gigabyte.
 */
const MAX_GREETING_BYTES = 1 << 20
const LENGTH_BYTES = 4
/** How long a connection that is closed here may take to send what is queued: its peer may have stopped reading. */
const CLOSE_GRACE_MS = 2000
/** Sockets hold a megabyte before they ask for a pause. */
const CONGESTED_BYTES = 1 << 20
/** The version of ApiVersions that is tried first; a broker that knows only older ones says so in a form that all can read (KIP-511). */
const FIRST_API_VERSIONS = 4

export const CLIENT_SOFTWARE_NAME = 'logwerk'
export const CLIENT_SOFTWARE_VERSION = '0.1.0'

export interface BrokerConnectionOptions {
  readonly endpoint: Endpoint
  readonly clientId: string
  readonly setupTimeoutMs: number
  readonly requestTimeoutMs: number
  readonly signal?: AbortSignal
}

interface InFlight {
  readonly api: AnyApi
  readonly version: number
  readonly correlationId: number
  readonly deadlineMs: number
  readonly resolve: (response: unknown) => void
  readonly reject: (error: unknown) => void
}

export interface SendOptions {
  /** Highest version to use, where a newer one has a meaning that the caller does not want. */
  readonly maxVersion?: number
  /** Longest wait for the answer; the connection's by default. */
  readonly timeoutMs?: number
}

/** One connection to one broker: requests go out in order, answers come back in order, and the versions of both are agreed on. */
export class BrokerConnection {
  readonly endpoint: Endpoint
  readonly #world: World
  readonly #connection: Connection
  readonly #options: BrokerConnectionOptions
  #frames: FrameReader
  readonly #inFlight = new BoundedQueue<InFlight>(MAX_IN_FLIGHT)
  #ranges: ReadonlyMap<number, { readonly min: number; readonly max: number }> = new Map()
  #nextCorrelationId = 0
  #timer: Timer | null = null
  #timerAtMs = 0
  /** The versions are known. */
  #agreed = false
  #bytesSeen = false
  /** Something else than the question for versions was answered. */
  #served = false
  #closed: KafkaError | null = null
  #onClose: (() => void)[] = []
  /** Monotonic time of the last request or answer. */
  lastActiveMs: number

  private constructor(world: World, connection: Connection, options: BrokerConnectionOptions) {
    this.#world = world
    this.#connection = connection
    this.#options = options
    this.endpoint = options.endpoint
    this.lastActiveMs = world.clock.monotonicMs()
    this.#frames = new FrameReader(frame => this.#onFrame(frame), MAX_GREETING_BYTES)
    connection.onClose(error => this.#onClosed(error))
    connection.onData(
      () => this.#frames.supplyBuffer(),
      byteCount => {
        try {
          this.#frames.onBytes(byteCount)
        } catch (error) {
          this.#fail(this.#broken(messageOf(error)))
        }
      },
    )
  }

  /**
   * Connects and agrees on versions.
   *
   * @throws KafkaError `NETWORK_EXCEPTION` if nobody answers there; `NOT_KAFKA` if somebody else does, and, as an error that may pass, if
   *         the connection is closed without a word, which a broker that starts or stops does too; `signal.reason`.
   */
  static async open(world: World, options: BrokerConnectionOptions): Promise<BrokerConnection> {
    const { signal } = options
    const connection = await world.network.connect(options.endpoint, {
      timeoutMs: options.setupTimeoutMs,
      ...(signal === undefined ? {} : { signal }),
    })
    const broker = new BrokerConnection(world, connection, options)
    const onAbort = () => broker.close()
    signal?.addEventListener('abort', onAbort, { once: true })
    try {
      await broker.#negotiate()
      return broker
    } catch (error) {
      broker.close()
      throw signal?.aborted ? signal.reason : error
    } finally {
      signal?.removeEventListener('abort', onAbort)
    }
  }

  get isClosed(): boolean {
    return this.#closed !== null
  }

  /** Requests that wait for an answer. */
  get inFlightCount(): number {
    return this.#inFlight.size
  }

  /** True while so much is queued that the socket wants a pause. */
  get isCongested(): boolean {
    return this.#connection.queuedBytes >= CONGESTED_BYTES
  }

  /** `listener` runs when the queue has emptied after a congestion. */
  onDrain(listener: () => void): void {
    this.#connection.onDrain(listener)
  }

  /** The highest version of `api` that both sides speak, at most `maxVersion`. @throws KafkaError `UNSUPPORTED_VERSION` */
  versionOf(api: AnyApi, maxVersion = api.versions[1]): number {
    const range = this.#ranges.get(api.key)
    const broker = formatEndpoint(this.endpoint)
    if (range === undefined) {
      throw new KafkaError('UNSUPPORTED_VERSION', `the broker at ${broker} does not offer ${api.name}`, { at: { broker } })
    }
    const version = Math.min(range.max, api.versions[1], maxVersion)
    if (version < range.min || version < api.versions[0]) {
      throw new KafkaError(
        'UNSUPPORTED_VERSION',
        `the broker at ${broker} speaks ${api.name} ${range.min} to ${range.max}, and this client ${api.versions[0]} to ${Math.min(api.versions[1], maxVersion)}`,
        { at: { broker } },
      )
    }
    return version
  }

  /** True if the broker offers `api` in version `version`. */
  offers(api: AnyApi, version: number): boolean {
    const range = this.#ranges.get(api.key)
    return range !== undefined && version >= range.min && version <= range.max
  }

  /**
   * Sends a request and resolves with its answer.
   *
   * @throws KafkaError `NETWORK_EXCEPTION` if the connection ends first, `REQUEST_TIMED_OUT` (the connection ends with it),
   *         `UNSUPPORTED_VERSION`, `MALFORMED_MESSAGE` for an answer that cannot be read.
   */
  send<Req, ReqIn, Res, ResIn>(api: Api<Req, ReqIn, Res, ResIn>, request: ReqIn, options: SendOptions = {}): Promise<Res> {
    return new Promise((resolve, reject) => {
      const version = this.versionOf(api, options.maxVersion)
      this.#write(api, version, request, resolve as (response: unknown) => void, reject, options.timeoutMs)
    })
  }

  /** Sends a request that is never answered (Produce with acks=0). False when the sender should wait for `onDrain`. */
  sendWithoutAnswer<Req, ReqIn, Res, ResIn>(
    api: Api<Req, ReqIn, Res, ResIn>,
    request: ReqIn,
    options: Pick<SendOptions, 'maxVersion'> = {},
  ): boolean {
    if (this.#closed !== null) throw this.#closed
    const chunks = this.#encode(api, this.versionOf(api, options.maxVersion), request, this.#takeCorrelationId())
    this.lastActiveMs = this.#world.clock.monotonicMs()
    return this.#connection.write(chunks)
  }

  /** `listener` runs once, when the connection has ended; at once if it has. */
  onClose(listener: () => void): void {
    if (this.#closed !== null) listener()
    else this.#onClose.push(listener)
  }

  /** Ends the connection; what waits for an answer fails, and requests without one still leave. Idempotent. */
  close(): void {
    if (this.#closed !== null) return
    const idle = this.#inFlight.size === 0
    this.#fail(this.#lost('it was closed here'), () => {
      if (!idle) return this.#connection.destroy()
      this.#connection.close()
      this.#timer = this.#world.clock.setTimer(CLOSE_GRACE_MS, () => this.#connection.destroy(), { background: true })
    })
  }

  async #negotiate(): Promise<void> {
    let response: ApiVersionsResponse
    try {
      response = await this.#askVersions(FIRST_API_VERSIONS)
      if (response.errorCode === 'UNSUPPORTED_VERSION') {
        const range = response.apiKeys.find(({ apiKey }) => apiKey === apiVersions.key)
        response = await this.#askVersions(Math.min(range?.maxVersion ?? 0, FIRST_API_VERSIONS))
      }
    } catch (error) {
      if (!(error instanceof KafkaError)) throw error
      if (error.code === 'MALFORMED_MESSAGE') throw this.#notKafka(messageOf(error))
      if (error.code === 'NETWORK_EXCEPTION' && !this.#bytesSeen) throw this.#notKafka(messageOf(error), true)
      throw error
    }
    if (response.errorCode !== 'NONE') {
      throw new KafkaError(
        response.errorCode,
        `the broker at ${formatEndpoint(this.endpoint)} refused to name its versions (${response.errorCode})`,
      )
    }
    this.#ranges = new Map(response.apiKeys.map(({ apiKey, minVersion, maxVersion }) => [apiKey, { min: minVersion, max: maxVersion }]))
  }

  #askVersions(version: number): Promise<ApiVersionsResponse> {
    const request = { clientSoftwareName: CLIENT_SOFTWARE_NAME, clientSoftwareVersion: CLIENT_SOFTWARE_VERSION }
    return new Promise((resolve, reject) => {
      this.#write(apiVersions, version, request, resolve as (response: unknown) => void, reject, this.#options.setupTimeoutMs)
    })
  }

  #write(
    api: AnyApi,
    version: number,
    request: unknown,
    resolve: (response: unknown) => void,
    reject: (error: unknown) => void,
    timeoutMs = this.#options.requestTimeoutMs,
  ): void {
    if (this.#closed !== null) return reject(this.#closed)
    const correlationId = this.#takeCorrelationId()
    const chunks = this.#encode(api, version, request, correlationId)
    this.lastActiveMs = this.#world.clock.monotonicMs()
    const entry = { api, version, correlationId, deadlineMs: this.lastActiveMs + timeoutMs, resolve, reject }
    if (!this.#inFlight.push(entry)) return reject(this.#overloaded(api))
    this.#connection.write(chunks)
    this.#watch()
  }

  #takeCorrelationId(): number {
    const correlationId = this.#nextCorrelationId
    this.#nextCorrelationId = (correlationId + 1) & 0x7fff_ffff
    return correlationId
  }

  #encode(api: AnyApi, version: number, request: unknown, correlationId: number): Uint8Array[] {
    const writer = new MessageWriter()
    writer.writeInt32(0)
    encodeRequestHeader(writer, api, version, correlationId, this.#options.clientId)
    api.request.codec(version).encode(writer, request)
    writer.patchInt32(0, writer.sizeBytes - LENGTH_BYTES)
    return writer.chunks()
  }

  #onFrame(frame: Buffer): void {
    this.#bytesSeen = true
    const entry = this.#inFlight.peek()
    if (entry === undefined) return this.#fail(this.#broken('it answered a request that was never sent'))
    const reader = new MessageReader(frame)
    try {
      const correlationId = decodeResponseHeader(reader, entry.api, entry.version)
      if (correlationId !== entry.correlationId) {
        return this.#fail(this.#broken(`it answered request ${correlationId} where ${entry.correlationId} was next`))
      }
      const response = decodeResponse(entry.api, entry.version, reader)
      this.#inFlight.shift()
      this.lastActiveMs = this.#world.clock.monotonicMs()
      this.#watch()
      if (this.#agreed) this.#served = true
      else this.#greeted(entry.api, response)
      entry.resolve(response)
    } catch (error) {
      this.#inFlight.shift()
      entry.reject(error)
      // After bytes that we do not understand nothing on this connection can be trusted.
      this.#fail(this.#lost(`its answer to ${entry.api.name} could not be read: ${messageOf(error)}`))
    }
  }

  /** Here, not where the answer is awaited: the buffer for the next bytes has to come from the reader that will get them. */
  #greeted(api: AnyApi, response: unknown): void {
    if (api.key !== apiVersions.key || (response as ApiVersionsResponse).errorCode !== 'NONE') return
    this.#agreed = true
    this.#frames = new FrameReader(frame => this.#onFrame(frame), MAX_RESPONSE_BYTES)
  }

  /** One timer for all requests: answers come in order, so what counts is how long the oldest one has waited. */
  #watch(): void {
    const oldest = this.#inFlight.peek()
    if (oldest === undefined || (this.#timer !== null && this.#timerAtMs <= oldest.deadlineMs)) return
    this.#timer?.cancel()
    this.#timerAtMs = oldest.deadlineMs
    this.#timer = this.#world.clock.setTimer(oldest.deadlineMs - this.#world.clock.monotonicMs(), () => {
      this.#timer = null
      this.#expire()
    })
  }

  #expire(): void {
    const oldest = this.#inFlight.peek()
    if (oldest === undefined || oldest.deadlineMs > this.#world.clock.monotonicMs()) return this.#watch()
    const broker = formatEndpoint(this.endpoint)
    // Whoever listens for TLS, or is no broker, may wait for more than we have said.
    const hint = this.#agreed ? '' : '; check the port, and whether this listener wants TLS or SASL'
    this.#fail(new TimeoutError(`the broker at ${broker} did not answer ${oldest.api.name} in time${hint}`, { at: { broker } }))
  }

  #onClosed(error: Error | null): void {
    if (this.#closed !== null) this.#timer?.cancel()
    // A listener with SASL tells its versions to everybody, and hangs up on whoever goes on without authentication.
    const hint = this.#agreed && !this.#served && this.#inFlight.size > 0 ? ' on the first request: perhaps this listener wants SASL' : ''
    this.#fail(this.#lost(`${error === null ? 'the broker closed it' : error.message}${hint}`, error))
  }

  #fail(error: KafkaError, leave = () => this.#connection.destroy()): void {
    if (this.#closed !== null) return
    this.#closed = error
    this.#frames.stop()
    this.#timer?.cancel()
    leave()
    for (let entry = this.#inFlight.shift(); entry !== undefined; entry = this.#inFlight.shift()) entry.reject(error)
    for (const listener of this.#onClose) listener()
    this.#onClose = []
  }

  #lost(why: string, cause?: unknown): KafkaError {
    const broker = formatEndpoint(this.endpoint)
    return new KafkaError('NETWORK_EXCEPTION', `the connection to the broker at ${broker} is lost: ${why}`, { at: { broker }, cause })
  }

  #overloaded(api: AnyApi): KafkaError {
    const broker = formatEndpoint(this.endpoint)
    const text = `${api.name} was not sent: ${MAX_IN_FLIGHT} requests to the broker at ${broker} wait for an answer already`
    return new KafkaError('NETWORK_EXCEPTION', text, { at: { broker } })
  }

  /** For bytes that make no sense. Once the versions are agreed on it is a broker, or something between us and it, that is out of step. */
  #broken(why: string): KafkaError {
    return this.#agreed ? this.#lost(why) : this.#notKafka(why)
  }

  #notKafka(why: string, retriable = false): KafkaError {
    const broker = formatEndpoint(this.endpoint)
    return new KafkaError(
      'NOT_KAFKA',
      `the server at ${broker} does not speak the Kafka protocol here (${why}); check the port, and whether this listener wants TLS or SASL`,
      { at: { broker }, retriable },
    )
  }
}

function decodeResponse(api: AnyApi, version: number, reader: MessageReader): unknown {
  // A broker that does not know our version of ApiVersions answers in version 0, whose first field is the error code.
  if (api.key === apiVersions.key && version > 0 && reader.remaining >= 2) {
    const start = reader.position
    const code = reader.readInt16()
    reader.position = start
    if (code === UNSUPPORTED_VERSION) return api.response.codec(0).decode(reader)
  }
  return api.response.codec(version).decode(reader)
}

const UNSUPPORTED_VERSION = 35
