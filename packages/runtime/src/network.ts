/** A host name or address, and a port. */
export interface Endpoint {
  readonly host: string
  readonly port: number
}

export interface ConnectOptions {
  /** Gives up with a `NETWORK_EXCEPTION` after this long. Default: no limit. */
  readonly timeoutMs?: number
  readonly signal?: AbortSignal
}

/**
 * A byte stream between two parties. Not a Node stream: the reader supplies the buffer, so bytes go from the kernel to the place
 * where they are needed, and nothing is queued that nobody asked for.
 */
export interface Connection {
  readonly local: Endpoint
  readonly remote: Endpoint
  /**
   * Queues `chunks`, in order, without copying: the caller leaves the bytes alone until they have left. Returns false when much is
   * queued (above the implementation's high-water mark); the caller then waits for `onDrain`. Ignored after a close.
   */
  write(chunks: readonly Uint8Array[]): boolean
  /** Bytes queued and not yet taken by the operating system. */
  readonly queuedBytes: number
  /**
   * Starts reading. `supplyBuffer` gives the room for the next bytes (at least one), `onBytes(count)` says that the first `count` bytes
   * of the room supplied last have been filled. Called once per connection, before anything can arrive: in the turn in which the
   * connection was got. After `pause` at most what was already read from the operating system is still delivered.
   */
  onData(supplyBuffer: () => Uint8Array, onBytes: (byteCount: number) => void): void
  /** Stops reading after the bytes being delivered now; the peer then feels back-pressure. */
  pause(): void
  resume(): void
  /** `listener` runs each time the queue has emptied after `write` returned false. */
  onDrain(listener: () => void): void
  /** `listener` runs exactly once, with the error if one ended the connection; at the next turn if it is closed already. */
  onClose(listener: (error: Error | null) => void): void
  /** Sends what is queued, then closes. Idempotent. */
  close(): void
  /** Closes at once; what is queued is dropped. Idempotent. */
  destroy(): void
}

export interface Listener {
  /** The address in use; the port is the one picked where 0 was asked for. */
  readonly address: Endpoint
  /** Stops accepting. Connections already accepted stay. Idempotent. */
  close(): Promise<void>
}

export interface Network {
  /** @throws KafkaError `NETWORK_EXCEPTION` (retriable) that names the endpoint and the cause; `signal.reason` on an abort. */
  connect(to: Endpoint, options?: ConnectOptions): Promise<Connection>
  /** @throws KafkaError `ADDRESS_IN_USE` or `INVALID_CONFIG` that names the endpoint. */
  listen(at: Endpoint, onConnection: (connection: Connection) => void): Promise<Listener>
}

/** Turns a host name into addresses, in the order in which to try them. */
export type Resolve = (host: string) => Promise<string[]>

/** `host:port`, with brackets around an IPv6 address. */
export function formatEndpoint(endpoint: Endpoint): string {
  return endpoint.host.includes(':') ? `[${endpoint.host}]:${endpoint.port}` : `${endpoint.host}:${endpoint.port}`
}

/**
 * Parses `host:port`, `[ipv6]:port` (with or without a `%zone`) and `PROTOCOL://host:port` (the protocol or listener name is
 * dropped). Null if it is none of them.
 */
export function parseEndpoint(text: string): Endpoint | null {
  const match = /^(?:[A-Za-z0-9_.-]+:\/\/)?(?:\[([0-9a-fA-F.]*:[0-9a-fA-F:.]*(?:%[A-Za-z0-9_.-]+)?)\]|([^:[\]/\s]+)):(\d{1,5})$/.exec(
    text.trim(),
  )
  if (match === null) return null
  const port = Number(match[3])
  return port > 65_535 ? null : { host: (match[1] ?? match[2])!, port }
}

/** True for the addresses that only this machine can reach. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(?:\.\d{1,3}){3}$/.test(host) || host.startsWith('::ffff:127.')
}
