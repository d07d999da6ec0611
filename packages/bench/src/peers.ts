import { copyFileSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { folderFor, PROGRAMS, ROOT } from './folders.ts'
import { ask } from './processes.ts'

/** Installs the npm peers with exactly the versions of `programs/package-lock.json`, without install scripts. @returns Their folder. */
export function installPeers(): string {
  const files = ['package.json', 'package-lock.json', '.npmrc']
  return once(
    folderFor(
      'peers',
      files.map(file => join(PROGRAMS, file)),
    ),
    folder => {
      for (const file of files) copyFileSync(join(PROGRAMS, file), join(folder, file))
      // Without warnings: npm runs on another Node than the peers will.
      ask({ program: 'npm', args: ['ci', '--ignore-scripts', '--loglevel=error'], cwd: folder })
    },
  )
}

/** Builds the program around franz-go. @returns Its path. */
export function buildFranz(): string {
  const source = join(PROGRAMS, 'franz')
  const files = readdirSync(source).sort()
  const folder = once(
    folderFor(
      'franz',
      files.map(file => join(source, file)),
    ),
    made => ask({ program: 'go', args: ['build', '-mod=readonly', '-o', join(made, 'franz'), '.'], cwd: source }),
  )
  return join(folder, 'franz')
}

/** Kafka's own client, compiled. */
export interface JavaTools {
  readonly classpath: string
  /** Of kafka-clients. */
  readonly version: string
}

/** Compiles the program around Kafka's own client; fetches Kafka first if it is not there. */
export function buildJava(): JavaTools {
  const jars = ask({ program: join(ROOT, 'packages/interop/real-kafka.sh'), args: ['classpath'], cwd: ROOT }).trim()
  const source = join(PROGRAMS, 'JavaClient.java')
  const names = readdirSync(jars.replace(/\*$/, ''))
  const version = names.map(name => /^kafka-clients-([\d.]+)\.jar$/.exec(name)?.[1]).find(found => found !== undefined) ?? 'unknown'
  const folder = once(folderFor(`java-${version}`, [source]), made =>
    ask({ program: 'javac', args: ['-cp', jars, '-d', made, source], cwd: PROGRAMS }),
  )
  return { classpath: `${folder}:${jars}`, version }
}

/** Fills the folder, unless it is there. One whose filling was cut off does not pass for a whole one. */
function once(folder: string, fill: (folder: string) => void): string {
  if (existsSync(folder)) return folder
  const part = `${folder}.part-${process.pid}`
  mkdirSync(part)
  try {
    fill(part)
    if (!existsSync(folder)) renameSync(part, folder)
  } finally {
    rmSync(part, { recursive: true, force: true })
  }
  return folder
}
