/** "1,234,567". */
export function formatCount(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+(?!\d))/g, ',')
}

/** "1 record", "2,000 records". */
export function formatCounted(count: number, singular: string, plural = `${singular}s`): string {
  return `${formatCount(count)} ${count === 1 ? singular : plural}`
}

const SIZES = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const

/** "512 B", "1.5 MiB". */
export function formatBytes(byteCount: number): string {
  let value = byteCount
  let size = 0
  while (value >= 1024 && size < SIZES.length - 1) {
    value /= 1024
    size++
  }
  return `${size === 0 ? value : value.toFixed(1)} ${SIZES[size]}`
}

/** "35 ms", "1.2 s", "3 min 5 s". */
export function formatDuration(durationMs: number): string {
  if (durationMs < 1000) return `${Math.round(durationMs)} ms`
  if (durationMs < 60_000) return `${(durationMs / 1000).toFixed(1)} s`
  const seconds = Math.round(durationMs / 1000)
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`
}
