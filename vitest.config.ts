import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join, sep } from 'node:path'
import { defineConfig } from 'vitest/config'

// The second lane (`LOGWERK_LANE=dist`) runs the same tests against what is published: package names resolve through the
// exports map to dist, and a test's relative import of its subject is turned into the built file beside it.
const dist = process.env['LOGWERK_LANE'] === 'dist'
const conditions = dist ? ['node', 'import', 'module', 'default'] : ['@logwerk/source', 'node', 'import', 'module', 'default']

const everyTest = ['packages/*/src/**/*.test.ts', 'scripts/**/*.test.mjs']
// Foreign clients, real Kafka and process kills have a lane of their own (.ci/run).
const elsewhere = ['packages/interop/**', 'packages/bench/**', '**/node_modules/**', '**/dist/**']
const alone = testsAlone()

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  plugins: dist ? [{ name: 'subject-from-dist', enforce: 'pre', resolveId: { handler: fromDist } }] : [],
  test: {
    pool: 'forks',
    // vitest's own choice leaves one core idle, which is half of a machine with two.
    maxWorkers: availableParallelism(),
    testTimeout: 60_000,
    setupFiles: process.env['LOGWERK_SEEDS'] === undefined ? [] : ['scripts/property-runs.mjs'],
    // A process and a set of modules for each file cost as much as the tests themselves, so files share them. A file that changes what
    // others see, modules or globals, has both to itself.
    projects: [
      { extends: true, test: { name: 'shared', isolate: false, include: everyTest, exclude: [...elsewhere, ...alone] } },
      // After the others: a process that files share would end at each of these.
      { extends: true, test: { name: 'alone', include: alone, sequence: { groupOrder: 1 } } },
    ],
  },
})

/** Files that mock or reset modules, stand in for something global, or move the process. */
function testsAlone(): string[] {
  const touches = /\bvi\s*\.|\bprocess\s*\.\s*chdir\b|\bglobalThis\b/
  const packages = readdirSync(join(import.meta.dirname, 'packages')).filter(folder => folder !== 'interop' && folder !== 'bench')
  return packages.flatMap(folder => {
    const source = `packages/${folder}/src`
    if (!existsSync(join(import.meta.dirname, source))) return []
    const names = readdirSync(join(import.meta.dirname, source), { recursive: true, encoding: 'utf8' })
    const tests = names.filter(name => name.endsWith('.test.ts')).map(name => `${source}/${name.replaceAll(sep, '/')}`)
    return tests.filter(path => touches.test(readFileSync(join(import.meta.dirname, path), 'utf8')))
  })
}

/** The built file for `./x.ts` imported by a test, or null where the import is of something that is not published. */
async function fromDist(
  this: { resolve(id: string, from?: string, o?: object): Promise<{ id: string } | null> },
  id: string,
  from?: string,
) {
  if (from === undefined || !id.startsWith('.')) return null
  const found = await this.resolve(id, from, { skipSelf: true })
  if (found === null || !found.id.includes(`${sep}src${sep}`)) return found
  const built = found.id.replace(`${sep}src${sep}`, `${sep}dist${sep}`).replace(/\.ts$/, '.js')
  return existsSync(built) ? { id: built } : found
}
