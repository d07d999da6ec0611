/** `12,345` */
export function countOf(count: number): string {
  return Math.round(count).toLocaleString('en-US')
}

/** `4.9 s`, `120 ms` */
export function timeOf(ms: number): string {
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`
}

/** `812 B`, `1.4 MB` */
export function sizeOf(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`
  return bytes < 999_500 ? `${Math.round(bytes / 1000)} kB` : `${(bytes / 1e6).toFixed(1)} MB`
}

/** `1 record`, `2 records` */
export function countedOf(count: number, one: string, many = `${one}s`): string {
  return `${countOf(count)} ${count === 1 ? one : many}`
}
