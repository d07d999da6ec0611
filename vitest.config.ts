import { existsSync } from 'node:fs'
import { sep } from 'node:path'
import { defineConfig } from 'vitest/config'

// The second lane (`LOGWERK_LANE=dist`) runs the same tests against what is published: package names resolve through the
// exports map to dist, and a test's relative import of its subject is turned into the built file beside it.
const dist = process.env['LOGWERK_LANE'] === 'dist'
const conditions = dist ? ['node', 'import', 'module', 'default'] : ['@logwerk/source', 'node', 'import', 'module', 'default']

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  plugins: dist ? [{ name: 'subject-from-dist', enforce: 'pre', resolveId: { handler: fromDist } }] : [],
  test: {
    include: ['packages/*/src/**/*.test.ts', 'scripts/**/*.test.mjs'],
    // Foreign clients, real Kafka and process kills have a lane of their own (.ci/run).
    exclude: ['packages/interop/**', 'packages/bench/**', '**/node_modules/**', '**/dist/**'],
    pool: 'forks',
    testTimeout: 60_000,
  },
})

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
