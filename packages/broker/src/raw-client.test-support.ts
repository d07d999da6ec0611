import {
  type Api,
  type apis,
  decodeResponseHeader,
  encodeRequestHeader,
  FrameReader,
  frameOf,
  MessageReader,
  MessageWriter,
} from '@logwerk/protocol'
import type { Connection, Endpoint, Network } from '@logwerk/runtime'

const MAX_FRAME_BYTES = 1 << 28

interface Awaited {
  readonly onFrame: (frame: Buffer) => void
  readonly onEnd: (error: Error) => void
}

/**
 * A client that does what the test says and nothing else: it sends any request in any version, also wrong ones, and hands out the answers
 * in the order in which they come.
 */
export class RawClient {
  readonly connection: Connection
  readonly #awaited: Awaited[] = []
  readonly #unclaimed: Buffer[] = []
  #lastCorrelationId = 0
  #end: { readonly error: Error | null } | null = null
  readonly #onEnd: (() => void)[] = []

  private constructor(connection: Connection) {
    this.connection = connection
    const frames = new FrameReader(frame => this.#onFrame(frame), MAX_FRAME_BYTES)
    connection.onData(
      () => frames.supplyBuffer(),
      byteCount => frames.onBytes(byteCount),
    )
    connection.onClose(error => {
      this.#end = { error }
      for (const { onEnd } of this.#awaited) onEnd(closedError(error))
      for (const listener of this.#onEnd) listener()
    })
  }

  static async connect(network: Network, to: Endpoint): Promise<RawClient> {
    return new RawClient(await network.connect(to))
  }

  /** True once the connection is gone. */
  get isClosed(): boolean {
    return this.#end !== null
  }

  /** Answers that have come and nobody has asked for. */
  get unclaimedCount(): number {
    return this.#unclaimed.length
  }

  /** Resolves when the connection is gone. */
  whenClosed(): Promise<void> {
    return new Promise(resolve => {
      if (this.#end === null) this.#onEnd.push(resolve)
      else resolve()
    })
  }

  /**
   * Sends a request and resolves with its answer. Several may be under way.
   *
   * @throws Error if the connection ends before the answer, or if the answer carries another correlation id.
   */
  async ask<Req, ReqIn, Res, ResIn>(api: Api<Req, ReqIn, Res, ResIn>, version: number, request: ReqIn): Promise<Res> {
    const correlationId = this.tell(api, version, request)
    return this.answer(api, version, correlationId)
  }

  /** Sends a request and returns its correlation id; its answer, if one comes, waits for `answer` or `nextFrame`. */
  tell<Req, ReqIn, Res, ResIn>(api: Api<Req, ReqIn, Res, ResIn>, version: number, request: ReqIn): number {
    const correlationId = ++this.#lastCorrelationId
    this.sendFrame(requestBytes(api, version, request, { correlationId }))
    return correlationId
  }

  /** Decodes the next answer as one to this API and version. */
  async answer<Req, ReqIn, Res, ResIn>(api: Api<Req, ReqIn, Res, ResIn>, version: number, correlationId: number): Promise<Res> {
    const reader = new MessageReader(await this.nextFrame())
    const got = decodeResponseHeader(reader, api, version)
    if (got !== correlationId) throw new Error(`the answer has the correlation id ${got} instead of ${correlationId}`)
    const response = api.response.codec(version).decode(reader)
    if (reader.remaining > 0) throw new Error(`${reader.remaining} bytes are left behind the answer of ${api.name} version ${version}`)
    return response
  }

  /** Sends bytes with their length in front, whatever they are. */
  sendFrame(bytes: Uint8Array): void {
    this.connection.write(frameOf([bytes]))
  }

  /** Sends bytes as they are. */
  sendBytes(bytes: Uint8Array): void {
    this.connection.write([bytes])
  }

  /** The next answer, without its length. @throws Error if the connection ends before. */
  nextFrame(): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      const frame = this.#unclaimed.shift()
      if (frame !== undefined) resolve(frame)
      else if (this.#end !== null) reject(closedError(this.#end.error))
      else this.#awaited.push({ onFrame: resolve, onEnd: reject })
    })
  }

  close(): void {
    this.connection.close()
  }

  #onFrame(frame: Buffer): void {
    const first = this.#awaited.shift()
    if (first === undefined) this.#unclaimed.push(frame)
    else first.onFrame(frame)
  }
}

/** A request with its header, without the length in front. */
export function requestBytes<Req, ReqIn, Res, ResIn>(
  api: Api<Req, ReqIn, Res, ResIn>,
  version: number,
  request: ReqIn,
  header: { readonly correlationId?: number; readonly clientId?: string | null } = {},
): Buffer {
  const { correlationId = 1, clientId = 'raw' } = header
  const writer = new MessageWriter()
  encodeRequestHeader(writer, api, version, correlationId, clientId)
  api.request.codec(version).encode(writer, request)
  return Buffer.concat(writer.chunks())
}

/** A request header without tagged fields, for a key and a version that may not exist. */
export function headerBytes(apiKey: number, version: number, correlationId = 1): Buffer {
  const bytes = Buffer.alloc(13)
  bytes.writeInt16BE(apiKey, 0)
  bytes.writeInt16BE(version, 2)
  bytes.writeInt32BE(correlationId, 4)
  bytes.writeInt16BE(3, 8)
  bytes.write('raw', 10, 'latin1')
  return bytes
}

/** The newest version of an API that is spoken. */
export function newest(api: (typeof apis)[keyof typeof apis]): number {
  return api.versions[1]
}

function closedError(cause: Error | null): Error {
  return new Error('the broker closed the connection', cause === null ? undefined : { cause })
}
