import type { AnyApi, Message } from '@logwerk/protocol'

declare global {
  interface ImportMeta {
    /** Vite's: the modules that a pattern finds. */
    glob<T>(patterns: string | readonly string[], options: { eager: true; import?: string }): Record<string, T>
  }
}

const modules = import.meta.glob<Record<string, unknown>>(['../../protocol/src/messages/**/*.ts', '!**/*.test.ts'], { eager: true })
const exported = Object.values(modules).flatMap(module => Object.values(module))

/** Every API that our protocol package defines, whether it exports it or not. */
export const ourApis: readonly AnyApi[] = [...new Set(exported.filter(isApi))]
/** Every other message: records of internal topics, and blobs inside other messages. */
export const ourOtherMessages: readonly Message<unknown, unknown>[] = [...new Set(exported.filter(isMessage))]

/** What our protocol package exports under this name, such as a table of record types. */
export function ourTable(name: string): Readonly<Record<string, number>> {
  for (const module of Object.values(modules)) if (name in module) return module[name] as Readonly<Record<string, number>>
  throw new Error(`the messages of the protocol package have no ${name}`)
}

function isApi(value: unknown): value is AnyApi {
  return typeof value === 'object' && value !== null && 'request' in value && 'response' in value && 'key' in value
}

function isMessage(value: unknown): value is Message<unknown, unknown> {
  return typeof value === 'object' && value !== null && 'schema' in value && 'codec' in value
}
