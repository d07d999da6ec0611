import {
  type AnyApi,
  type Api,
  decodeResponseHeader,
  encodeRequestHeader,
  FrameReader,
  frameOf,
  MessageReader,
  MessageWriter,
} from '@logwerk/protocol'
import { type Connection, nodeWorld, parseEndpoint } from '@logwerk/runtime'

const MAX_FRAME_BYTES = 1 << 28

/** The broker hung up instead of answering. */
export class ConnectionClosed extends Error {
  override readonly name = 'ConnectionClosed'
}

/** A connection on which a test sends whatever bytes it likes. */
export class RawConnection {
  readonly #connection: Connection
  readonly #frames: Buffer[] = []
  readonly #waiting: { readonly resolve: (frame: Buffer) => void; readonly reject: (error: Error) => void }[] = []
  #closed = false

  private constructor(connection: Connection) {
    this.#connection = connection
    const reader = new FrameReader(frame => {
      const first = this.#waiting.shift()
      if (first === undefined) this.#frames.push(frame)
      else first.resolve(frame)
    }, MAX_FRAME_BYTES)
    connection.onData(
      () => reader.supplyBuffer(),
      byteCount => reader.onBytes(byteCount),
    )
    connection.onClose(() => {
      this.#closed = true
      for (const { reject } of this.#waiting.splice(0)) reject(new ConnectionClosed())
    })
  }

  static async open(bootstrapServer: string): Promise<RawConnection> {
    const endpoint = parseEndpoint(bootstrapServer)
    if (endpoint === null) throw new Error(`no address: ${bootstrapServer}`)
    return new RawConnection(await nodeWorld.network.connect(endpoint))
  }

  /** Sends bytes as they are. */
  write(bytes: Uint8Array): void {
    this.#connection.write([bytes])
  }

  /** Sends bytes with their length in front. */
  writeFrame(bytes: Uint8Array): void {
    this.#connection.write(frameOf([bytes]))
  }

  /** The next answer, without its length. @throws ConnectionClosed */
  nextFrame(): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      const frame = this.#frames.shift()
      if (frame !== undefined) resolve(frame)
      else if (this.#closed) reject(new ConnectionClosed())
      else this.#waiting.push({ resolve, reject })
    })
  }

  /** @throws ConnectionClosed */
  async ask<Req, ReqIn, Res, ResIn>(api: Api<Req, ReqIn, Res, ResIn>, version: number, request: ReqIn): Promise<Res> {
    this.writeFrame(requestBytes(api, version, request))
    return responseOf(await this.nextFrame(), api, version) as Res
  }

  close(): void {
    this.#connection.destroy()
  }
}

/** A request with its header. */
export function requestBytes<Req, ReqIn, Res, ResIn>(
  api: Api<Req, ReqIn, Res, ResIn>,
  version: number,
  request: ReqIn,
  correlationId = 1,
): Buffer {
  const writer = new MessageWriter()
  encodeRequestHeader(writer, api, version, correlationId, 'interop')
  api.request.codec(version).encode(writer, request)
  return Buffer.concat(writer.chunks())
}

/** @throws Error if bytes are left behind the response. */
export function responseOf(frame: Buffer, api: AnyApi, version: number): unknown {
  const reader = new MessageReader(frame)
  decodeResponseHeader(reader, api, version)
  const response = api.response.codec(version).decode(reader)
  if (reader.remaining > 0) throw new Error(`${reader.remaining} bytes are left behind the response of ${api.name} version ${version}`)
  return response
}
