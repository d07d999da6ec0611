/** The names on the way from the root to `path`; a relative path starts at the root too. */
export function namesOf(path: string): string[] {
  const names: string[] = []
  for (const name of path.split(/[\\/]/)) {
    if (name === '..') names.pop()
    else if (name !== '' && name !== '.') names.push(name)
  }
  return names
}

/** What stands at a name. */
export type NodeKind = 'file' | 'emptyDirectory' | 'directory'

/**
 * Why something cannot take the place of something else; null if it can. The codes and their precedence are those of Linux.
 *
 * @param replaced  What stands at `to`; null if nothing does.
 */
export function renameObstacle(from: readonly string[], node: NodeKind, to: readonly string[], replaced: NodeKind | null): string | null {
  if (isWithin(to, from)) return 'EINVAL'
  if (isWithin(from, to)) return 'ENOTEMPTY'
  if (replaced === null) return null
  if (node === 'file') return replaced === 'file' ? null : 'EISDIR'
  if (replaced === 'file') return 'ENOTDIR'
  return replaced === 'emptyDirectory' ? null : 'ENOTEMPTY'
}

function isWithin(names: readonly string[], ancestor: readonly string[]): boolean {
  return names.length > ancestor.length && ancestor.every((name, index) => names[index] === name)
}
