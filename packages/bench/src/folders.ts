import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The repository. */
export const ROOT: string = fileURLToPath(new URL('../../..', import.meta.url))
/** What is run, in several languages. */
export const PROGRAMS: string = fileURLToPath(new URL('../programs', import.meta.url))
/** What is kept from one run to the next, outside the repository: peers, built programs, results. */
export const CACHE: string = join(
  process.env['LOGWERK_CACHE'] ?? join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'logwerk'),
  'bench',
)

/** A folder of the cache that belongs to exactly this content of these files: a new version gets a new one. */
export function folderFor(name: string, paths: readonly string[]): string {
  const hash = createHash('sha256')
  for (const path of paths) hash.update(readFileSync(path))
  const folder = join(CACHE, `${name}-${hash.digest('hex').slice(0, 12)}`)
  mkdirSync(dirname(folder), { recursive: true })
  return folder
}
