import { type AnyApi, type Api, apiOfKey, decodeRequestHeader, encodeResponseHeader, MessageReader, MessageWriter } from '@logwerk/protocol'
import { type Endpoint, KafkaError, type LogFields, type World } from '@logwerk/runtime'
import { stackOf } from './failures.ts'

/** What a handler knows about the request beside its content. */
export interface RequestContext {
  readonly version: number
  readonly clientId: string | null
  /** Where this client is told to connect to. */
  readonly advertised: Endpoint
  /** Where this client comes from. */
  readonly remote: Endpoint
  /** Aborts when the connection is gone or the broker closes: nobody waits for the answer any more. */
  readonly signal: AbortSignal
}

/**
 * What becomes of a request. `close` without an answer is Kafka's reply to what it cannot answer; `silence` is that of acks=0.
 */
export type Reply<Res> = Res | typeof CLOSE | typeof SILENCE
export const CLOSE: unique symbol = Symbol('close')
export const SILENCE: unique symbol = Symbol('silence')

export type Handler<Req, ResIn> = (request: Req, context: RequestContext) => Reply<ResIn> | Promise<Reply<ResIn>>

/** The versions that the broker offers of one API. */
export interface AdvertisedApi {
  readonly apiKey: number
  readonly minVersion: number
  readonly maxVersion: number
}

interface Route {
  readonly api: AnyApi
  readonly advertised: AdvertisedApi
  readonly handle: Handler<unknown, unknown>
}

/** The outcome for the connection: bytes to send, nothing to send, or an end. */
export type Outcome =
  | { readonly kind: 'respond'; readonly chunks: Uint8Array[] }
  | { readonly kind: 'silence' }
  | { readonly kind: 'close'; readonly reason: string; readonly fields: LogFields }

const API_VERSIONS_KEY = 18

/** Decodes requests, finds who answers them, and encodes the answers. Only what has a handler is advertised. */
export class Router {
  readonly #world: World
  readonly #routes = new Map<number, Route>()

  constructor(world: World) {
    this.#world = world
  }

  /**
   * Registers the handler of an API.
   *
   * @param advertiseFrom  First version to offer, where it is not the first that is spoken: Produce offers versions that it refuses.
   */
  on<Req, ReqIn, Res, ResIn>(api: Api<Req, ReqIn, Res, ResIn>, handle: Handler<Req, ResIn>, advertiseFrom = api.versions[0]): void {
    const advertised = { apiKey: api.key, minVersion: advertiseFrom, maxVersion: api.versions[1] }
    this.#routes.set(api.key, { api, advertised, handle: handle as Handler<unknown, unknown> })
  }

  /** In the order of the keys. */
  get advertised(): AdvertisedApi[] {
    return [...this.#routes.values()].map(route => route.advertised).sort((a, b) => a.apiKey - b.apiKey)
  }

  /** Answers one frame. Never throws: what cannot be answered closes the connection, as Kafka does. */
  async route(frame: Buffer, from: Omit<RequestContext, 'version' | 'clientId'>): Promise<Outcome> {
    const reader = new MessageReader(frame)
    let header: ReturnType<typeof decodeRequestHeader>
    try {
      header = decodeRequestHeader(reader, apiOfKey)
    } catch (error) {
      return close('the request has no readable header', { error })
    }
    const { apiKey, correlationId, clientId } = header
    const route = this.#routes.get(apiKey)
    if (route === undefined) return close('the API is not offered', { apiKey, clientId })
    const { api } = route
    let version = header.apiVersion
    if (version < api.versions[0] || version > api.versions[1]) {
      // The one exception: a client that knows newer versions has to learn which ones are spoken here (KIP-511).
      if (apiKey !== API_VERSIONS_KEY) return close('the version is not offered', { api: api.name, version, clientId })
      version = UNKNOWN_VERSION
    }
    const context = { ...from, version, clientId }
    try {
      const request = version === UNKNOWN_VERSION ? null : api.request.codec(version).decode(reader)
      const reply = await route.handle(request, context)
      if (reply === SILENCE) return { kind: 'silence' }
      if (reply === CLOSE) return close('a request that is not answered failed', { api: api.name, clientId })
      const writer = new MessageWriter()
      const responseVersion = version === UNKNOWN_VERSION ? 0 : version
      encodeResponseHeader(writer, api, responseVersion, correlationId)
      api.response.codec(responseVersion).encode(writer, reply)
      return { kind: 'respond', chunks: writer.chunks() }
    } catch (error) {
      if (context.signal.aborted) return { kind: 'silence' }
      const malformed = error instanceof KafkaError && error.code === 'MALFORMED_MESSAGE'
      if (!malformed) this.#world.log.error('a request handler failed', { api: api.name, version, clientId, error: stackOf(error) })
      return close(malformed ? 'the request is malformed' : 'the broker failed', { api: api.name, version, clientId, error })
    }
  }
}

/** The version that a handler of ApiVersions sees for one that it does not speak. */
export const UNKNOWN_VERSION = -1

function close(reason: string, fields: LogFields): Outcome {
  return { kind: 'close', reason, fields }
}
