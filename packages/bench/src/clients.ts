import { join } from 'node:path'
import type { Command } from './processes.ts'
import type { Scenario } from './scenario.ts'

/** What a client needs on this machine. */
export type Need = 'native' | 'plain' | 'peers' | 'franz' | 'java'

/** Where the prepared programs are. Only those that a chosen client needs are prepared. */
export interface Workshop {
  readonly newestNode: string
  readonly pathNode: string
  /** Folder with our packages, native parts beside them. */
  readonly native: string
  /** The same without. */
  readonly plain: string
  /** Folder with the npm peers. */
  readonly peers: string
  /** Path of the program. */
  readonly franz: string
  /** Class path of the program. */
  readonly java: string
}

/** One row of the tables. */
export interface Client {
  readonly name: string
  /** API and settings, for the report. */
  readonly what: string
  readonly need: Need
  readonly isDefault: boolean
  /** How to run the program; the arguments that every program takes are added. */
  readonly command: (workshop: Workshop) => Command
}

const JVM = ['-Xmx1g', '-Dlog4j2.level=ERROR', '-Dlog4j2.StatusLogger.level=OFF']

/**
 * All rows there are.
 *
 * @param pathNodeMajor  Of the `node` on the PATH, for the rows that show how an older Node does; null if it is no older.
 */
export function allClients(pathNodeMajor: number | null): Client[] {
  return [
    ours('ours', 'native', 'enqueue with a callback; batches()'),
    ours('ours-plain', 'plain', 'as ours, without native packages'),
    ours('ours-simple', 'native', 'sendBatch() of arrays, 3 not awaited; record by record', { env: { API: 'simple' } }),
    ...(pathNodeMajor === null
      ? []
      : [
          ours(`ours-node${pathNodeMajor}`, 'native', `as ours, on Node ${pathNodeMajor}`, { onPathNode: true }),
          ours(`ours-plain-node${pathNodeMajor}`, 'plain', `as ours-plain, on Node ${pathNodeMajor}`, { onPathNode: true }),
        ]),
    peer('kafkajs', 'kafkajs', 'send() of arrays, 3 not awaited; eachBatch; lz4-napi as its lz4; idempotence off (its default)'),
    peer('kafkajs-idem', 'kafkajs', 'as kafkajs, with idempotence', { IDEMPOTENT: '1' }),
    peer('platformatic', 'platformatic', 'send() of arrays, 3 not awaited; stream; idempotence off (its default), acks=all'),
    peer('platformatic-idem', 'platformatic', 'as platformatic, with idempotence', { IDEMPOTENT: '1' }),
    {
      name: 'franz',
      what: 'Go: asynchronous Produce, linger 5 ms, 200,000 buffered; PollFetches',
      need: 'franz',
      isDefault: true,
      command: workshop => ({ program: workshop.franz, args: [], cwd: join(workshop.franz, '..') }),
    },
    {
      name: 'java',
      what: 'kafka-clients: send with a callback; poll; heap of at most 1 GiB',
      need: 'java',
      isDefault: true,
      command: javaCommand,
    },
  ]
}

/** What runs Kafka's own client. */
export function javaCommand(workshop: Workshop): Command {
  return { program: 'java', args: [...JVM, '-cp', workshop.java, 'JavaClient'], cwd: '/' }
}

/** A program of ours on the newest Node. */
export function ourCommand(workshop: Workshop, program: string): Command {
  return { program: workshop.newestNode, args: ['--no-warnings', program], cwd: workshop.native }
}

/** The command for a scenario: every program takes the same arguments. */
export function commandFor(command: Command, scenario: Scenario, bootstrap: string, topic: string, payloadsPath: string): Command {
  const { mode, recordCount, codec } = scenario
  return { ...command, args: [...command.args, mode, bootstrap, topic, String(recordCount), payloadsPath, codec] }
}

interface OursOptions {
  readonly env?: Readonly<Record<string, string>>
  readonly onPathNode?: boolean
}

function ours(name: string, need: 'native' | 'plain', what: string, { env = {}, onPathNode = false }: OursOptions = {}): Client {
  return {
    name,
    what,
    need,
    isDefault: true,
    command: workshop => ({
      program: onPathNode ? workshop.pathNode : workshop.newestNode,
      args: ['--no-warnings', 'ours.mjs'],
      cwd: workshop[need],
      env,
    }),
  }
}

function peer(name: string, program: string, what: string, env: Readonly<Record<string, string>> = {}): Client {
  return {
    name,
    what,
    need: 'peers',
    isDefault: Object.keys(env).length === 0,
    command: workshop => ({
      program: workshop.newestNode,
      args: ['--no-warnings', `${program}.mjs`],
      cwd: workshop.peers,
      env,
    }),
  }
}
