import { type AvscType, type Resolver, type ResolverOptions, type Tap, types } from './avsc.ts'
import { createResolver, unreadable } from './own-type.ts'

/**
 * An enum type that may have a symbol named `constructor`, and reads those that it knows of a writer that has more. (avsc refuses such a
 * writer unless there is a default; by the specification it is an error only of data that has the unknown symbol.)
 */
export class SymbolEnum extends types.EnumType {
  declare readonly symbols: readonly string[]
  declare readonly default: string | undefined

  /** avsc looks symbols up in a plain object, where `constructor` is always found. */
  set _indices(table: object) {
    Object.defineProperty(this, '_indices', { value: Object.setPrototypeOf(table, null) })
  }

  override createResolver(writer: AvscType, options?: ResolverOptions): Resolver {
    return createResolver.call(this, writer, options)
  }

  override _update(resolver: Resolver, writer: AvscType, options: ResolverOptions): void {
    const { symbols, default: other } = this
    const known = writer.symbols?.filter(symbol => symbols.includes(symbol)) ?? []
    if (known.length === 0 && other === undefined) return
    // avsc takes a writer that has only what is known, and checks the names.
    super._update(resolver, Object.create(writer, { symbols: { value: known } }) as AvscType, options)
    if (typeof resolver._read !== 'function') return
    resolver._read = (tap: Tap) => {
      const index = tap.readLong()
      const symbol = writer.symbols![index]
      if (symbol === undefined) throw new Error(`invalid ${writer.name} enum index: ${index}`)
      if (symbols.includes(symbol)) return symbol
      return other ?? unreadable(`${this.name} has no symbol ${symbol} and no default`)._read(tap)
    }
  }
}
