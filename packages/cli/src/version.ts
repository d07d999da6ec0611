import { fileURLToPath } from 'node:url'
import { nodeWorld, readWholeFile } from '@logwerk/runtime'

/** The version of this package: all that are released together have the same one. */
export function versionOf(): string {
  const path = fileURLToPath(new URL('../package.json', import.meta.url))
  const manifest: { readonly version: string } = JSON.parse(Buffer.from(readWholeFile(nodeWorld.files, path)).toString('utf8'))
  return manifest.version
}
