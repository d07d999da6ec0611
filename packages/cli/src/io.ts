import type { World } from '@logwerk/runtime'

/** A stream that commands write text to. */
export interface Output {
  /** A person looks at it: tables and colours, where a pipe gets JSON lines. */
  readonly isTTY: boolean
  /** Characters in a line of the terminal; 80 where there is none. */
  readonly columns: number
  /**
   * Aborts when nothing can be written any more; what is written then is dropped. The reason is an {@link OutputError}, unless the reader
   * has just seen enough, as after `logwerk consume | head`.
   */
  readonly closed: AbortSignal
  /** Takes text; false asks the writer to wait for `drained`. */
  write(text: string): boolean
  /** Resolves when there is room again, and when the output closes. */
  drained(): Promise<void>
  /** Resolves when everything is written, or the output has closed: a failure to write shows only then. */
  flushed(): Promise<void>
}

/** Why an output took no more that somebody still wanted to have: the disk that it goes to is full, ... */
export class OutputError extends Error {
  override readonly name = 'OutputError'
}

/** The stream that `produce` reads from. */
export interface Input {
  /** A person types. */
  readonly isTTY: boolean
  /** The bytes as they come; ends early, without an error, when `signal` aborts. */
  chunks(signal: AbortSignal): AsyncIterable<Uint8Array>
}

/** What a command has of the process that it runs in; tests make their own. */
export interface Io {
  readonly stdout: Output
  readonly stderr: Output
  readonly stdin: Input
  readonly env: Readonly<Record<string, string | undefined>>
  /** Aborts when the process is asked to stop (SIGINT, SIGTERM). */
  readonly signal: AbortSignal
  /** Clock, files and network; Node's if left out. */
  readonly world?: World
}
