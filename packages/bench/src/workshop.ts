import { cpSync, existsSync, mkdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { layOut } from './built-packages.ts'
import type { Need, Workshop } from './clients.ts'
import { PROGRAMS } from './folders.ts'
import { TIME_PROGRAM } from './measure.ts'
import { buildFranz, buildJava, installPeers } from './peers.ts'

/** A workshop, and which Kafka client for Java is in it. */
export interface Prepared {
  readonly workshop: Workshop
  /** Null if Java was not needed. */
  readonly kafkaVersion: string | null
}

/** Prepares what is needed; the rest of the answer are empty strings. @throws Error that says what is missing and how to do without */
export function prepare(needs: ReadonlySet<Need>, workFolder: string, pathNode: string, tell: (line: string) => void): Prepared {
  if (!existsSync(TIME_PROGRAM))
    throw new Error(`${TIME_PROGRAM} is missing: install GNU time, which measures CPU and memory of all clients`)
  const newestNode = process.execPath
  const when = <T>(need: Need, what: string, make: () => T): T | null => {
    if (!needs.has(need)) return null
    tell(`preparing ${what}`)
    try {
      return make()
    } catch (error) {
      throw new Error(`${what} cannot be prepared: ${error instanceof Error ? error.message : String(error)}`, { cause: error })
    }
  }
  const ownPackages = (native: boolean) => () => layOut(join(workFolder, native ? 'native' : 'plain'), native, newestNode)
  const java = when('java', "Kafka's own client", buildJava)
  return {
    workshop: {
      newestNode,
      pathNode,
      native: when('native', 'our packages', ownPackages(true)) ?? '',
      plain: when('plain', 'our packages without native parts', ownPackages(false)) ?? '',
      peers: when('peers', 'the npm peers', () => layOutPeers(workFolder)) ?? '',
      franz: when('franz', 'franz-go (needs Go; leave it out with --clients)', buildFranz) ?? '',
      java: java?.classpath ?? '',
    },
    kafkaVersion: java?.version ?? null,
  }
}

function layOutPeers(workFolder: string): string {
  const installed = installPeers()
  const folder = join(workFolder, 'peers')
  mkdirSync(folder)
  symlinkSync(join(installed, 'node_modules'), join(folder, 'node_modules'), 'junction')
  for (const program of ['common.mjs', 'kafkajs.mjs', 'platformatic.mjs']) cpSync(join(PROGRAMS, program), join(folder, program))
  return folder
}
