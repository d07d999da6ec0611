/** The versions of `text` that lie in `all`: "3" is one, "0-4" and "2+" are ranges, "none" and undefined nothing. */
export function versionsIn(text: string | undefined, all: readonly number[]): number[] {
  if (text === undefined || text === 'none') return []
  const match = /^(\d+)(?:(\+)|-(\d+))?$/.exec(text)
  if (match === null) throw new Error(`"${text}" is not a range of versions`)
  const first = Number(match[1])
  const last = match[2] === '+' ? Number.POSITIVE_INFINITY : Number(match[3] ?? match[1])
  return all.filter(version => version >= first && version <= last)
}

/** The whole numbers from `first` to `last`. */
export function versionsBetween(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index)
}

/** Rising versions for people: "0-2, 5". */
export function formatVersions(versions: readonly number[]): string {
  if (versions.length === 0) return 'none'
  const ranges: string[] = []
  let first = versions[0]!
  versions.forEach((version, index) => {
    if (versions[index + 1] === version + 1) return
    ranges.push(first === version ? `${version}` : `${first}-${version}`)
    first = versions[index + 1] ?? version
  })
  return ranges.join(', ')
}
