import { createRequire } from 'node:module'

const found = new Map<string, unknown>()

/** An optional native package of the application or of ours; null if it is absent or does not load on this platform. */
export function loadNative(packageName: string): unknown {
  let module = found.get(packageName)
  if (module === undefined) {
    module = load(packageName)
    found.set(packageName, module)
  }
  return module
}

function load(packageName: string): unknown {
  // An optional peer is installed beside the application; seen from here first, from the working directory second.
  for (const from of [() => import.meta.url, () => `${process.cwd()}/`]) {
    try {
      return createRequire(from())(packageName) ?? null
    } catch {
      // Absent, or built for another platform, or the working directory is gone: the fallback serves.
    }
  }
  return null
}
