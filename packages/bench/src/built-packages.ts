import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { PROGRAMS, ROOT } from './folders.ts'
import { parseObject } from './measure.ts'
import { ask } from './processes.ts'

/** What the programs import. */
const ENTRIES = ['broker', 'consumer', 'producer', 'runtime']
const NATIVE = ['@node-rs/crc32', 'lz4-napi']

/**
 * Lays our packages out as an installation of their own: `dist` copied, what they depend on linked, and the native packages there or
 * not. That is the one difference between the rows with and without native parts: Logwerk finds them by itself, as it does for a user,
 * and nothing in it knows of this measurement. What was copied also stays the same, whatever is built meanwhile.
 *
 * @returns `folder`, which holds the programs too.
 * @throws Error if a package is not built, or if native packages are found that should not be, or not found that should.
 */
export function layOut(folder: string, native: boolean, node: string): string {
  const modules = join(folder, 'node_modules')
  const external = new Set<string>()
  for (const name of closureOf(ENTRIES, external)) {
    const target = join(modules, '@logwerk', name)
    mkdirSync(target, { recursive: true })
    cpSync(join(ROOT, 'packages', name, 'package.json'), join(target, 'package.json'))
    cpSync(join(ROOT, 'packages', name, 'dist'), join(target, 'dist'), { recursive: true })
  }
  for (const name of native ? [...external, ...NATIVE] : external) {
    const target = join(modules, name)
    mkdirSync(dirname(target), { recursive: true })
    symlinkSync(join(ROOT, 'node_modules', name), target, 'junction')
  }
  for (const program of ['common.mjs', 'ours.mjs', 'broker.mjs', 'natives.mjs']) cpSync(join(PROGRAMS, program), join(folder, program))
  checkNative(folder, native, node)
  return folder
}

/** The packages whose build is older than their sources, which are not what would be measured. */
export function staleBuilds(): string[] {
  return closureOf(ENTRIES, new Set()).filter(name => {
    const path = join(ROOT, 'packages', name)
    const stamp = ['.tsbuildinfo', 'dist/index.js'].map(file => join(path, file)).find(file => existsSync(file))
    const builtMs = stamp === undefined ? 0 : statSync(stamp).mtimeMs
    const sources = readdirSync(join(path, 'src'), { recursive: true, encoding: 'utf8' })
    return sources.some(source => /(?<!\.test(-[a-z]+)?)\.ts$/.test(source) && statSync(join(path, 'src', source)).mtimeMs > builtMs)
  })
}

/** These packages of ours and those they depend on. `external` gets the names of the others. */
function closureOf(entries: readonly string[], external: Set<string>): string[] {
  const found = new Set(entries)
  for (const name of found) {
    const path = join(ROOT, 'packages', name)
    if (!existsSync(join(path, 'dist/index.js'))) throw new Error(`packages/${name} is not built: run \`npm run build\` first`)
    const { dependencies } = parseObject(readFileSync(join(path, 'package.json'), 'utf8'))
    for (const dependency of Object.keys(dependencies ?? {})) {
      if (dependency.startsWith('@logwerk/')) found.add(dependency.slice('@logwerk/'.length))
      else external.add(dependency)
    }
  }
  return [...found]
}

function checkNative(folder: string, native: boolean, node: string): void {
  const found: unknown = JSON.parse(ask({ program: node, args: ['natives.mjs'], cwd: folder }))
  const wanted = native ? NATIVE : []
  if (JSON.stringify(found) === JSON.stringify(wanted)) return
  throw new Error(
    `of the native packages ${JSON.stringify(found)} load in ${folder}, but it should be ${JSON.stringify(wanted)}: ${
      native ? 'run `npm ci`' : 'let LOGWERK_CACHE lie outside of every folder that has them in node_modules'
    }`,
  )
}
