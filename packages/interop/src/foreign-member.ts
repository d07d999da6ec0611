import { type ChildProcessWithoutNullStreams, execFile, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const folder = fileURLToPath(new URL('..', import.meta.url))
const run = promisify(execFile)

/** A record as a member has read it. */
export interface ReadRecord {
  readonly partition: number
  readonly offset: number
  readonly key: string
  readonly value: string
}

/** A member of a group in the tests, whoever's client it is. */
export interface Member {
  /** Partitions that it holds now. */
  readonly held: readonly number[]
  /** What it has read, in order. */
  readonly records: readonly ReadRecord[]
  /** Commits, leaves the group, ends. @throws Error with what it says of its failure */
  stop(): Promise<void>
}

/** How to start a program of `java`, `python` or `kafkajs`, without its arguments. */
export interface MemberProgram {
  readonly command: string
  readonly args: readonly string[]
}

/** Kafka's own client. */
export async function javaMember(): Promise<MemberProgram> {
  return { command: 'java', args: ['-cp', await output('./real-kafka.sh', 'classpath'), 'java/GroupMember.java'] }
}

/** librdkafka, by its Python wheel. */
export async function librdkafkaMember(): Promise<MemberProgram> {
  return { command: await output('python/setup.sh'), args: ['python/group_member.py'] }
}

export async function kafkajsMember(): Promise<MemberProgram> {
  return { command: process.execPath, args: ['kafkajs/group-member.mjs', await output('kafkajs/setup.sh')] }
}

async function output(command: string, ...args: readonly string[]): Promise<string> {
  return (await run(command, args, { cwd: folder })).stdout.trim()
}

/** Longer than any group needs on a busy machine: what has not come by then does not come, and the test says what there was instead. */
const PATIENCE_MS = 180_000

/** Wakes whoever waits for something that members do. */
export class Watch {
  #waiting: { readonly holds: () => boolean; readonly resolve: () => void; readonly reject: (error: Error) => void }[] = []
  #failure: Error | null = null

  /** Something has changed. */
  changed(): void {
    const now = this.#waiting.filter(({ holds }) => holds())
    this.#waiting = this.#waiting.filter(waiter => !now.includes(waiter))
    for (const { resolve } of now) resolve()
  }

  failed(error: Error): void {
    this.#failure = error
    for (const { reject } of this.#waiting) reject(error)
    this.#waiting = []
  }

  /**
   * Waits for something that `what` puts into words, together with how things stand.
   *
   * @throws Error of a member that has failed; Error with these words when it does not come
   */
  async until(what: () => string, holds: () => boolean): Promise<void> {
    if (this.#failure !== null) throw this.#failure
    if (holds()) return
    let timer: NodeJS.Timeout | undefined
    try {
      await new Promise<void>((resolve, reject) => {
        this.#waiting.push({ holds, resolve, reject })
        timer = setTimeout(() => reject(new Error(`waited in vain until ${what()}`)), PATIENCE_MS)
      })
    } finally {
      clearTimeout(timer)
    }
  }
}

type Line = readonly ['holds', readonly number[]] | readonly ['record', number, number, string, string]

/** A member that is a program of its own. It prints JSON, a line for each record and for each change of what it holds. */
export class ForeignMember implements Member {
  held: readonly number[] = []
  readonly records: ReadRecord[] = []
  readonly #process: ChildProcessWithoutNullStreams
  readonly #exit: Promise<number | null>
  #errors = ''

  constructor(program: MemberProgram, watch: Watch, bootstrapServer: string, groupId: string, topic: string, strategy: string) {
    this.#process = spawn(program.command, [...program.args, bootstrapServer, groupId, topic, strategy], { cwd: folder })
    this.#process.stderr.on('data', data => {
      this.#errors += data
    })
    createInterface(this.#process.stdout).on('line', text => {
      const line = JSON.parse(text) as Line
      if (line[0] === 'holds') this.held = line[1]
      else this.records.push({ partition: line[1], offset: line[2], key: line[3], value: line[4] })
      watch.changed()
    })
    this.#exit = new Promise(resolve => this.#process.on('close', resolve))
    void this.#exit.then(code => {
      if (code !== 0) watch.failed(new Error(`${program.args.at(-1)} ended with ${code}: ${this.#errors}`))
    })
  }

  async stop(): Promise<void> {
    this.#process.stdin.end()
    const code = await this.#exit
    if (code !== 0) throw new Error(`a member ended with ${code}: ${this.#errors}`)
    this.held = []
  }

  /** For the end of the tests. */
  kill(): void {
    this.#process.kill('SIGKILL')
  }
}
