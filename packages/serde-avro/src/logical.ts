import type { AvroDuration } from './avro-value.ts'
import { type AvscType, type BuildOptions, type CopyOptions, type Resolver, type ResolverOptions, type Tap, types } from './avsc.ts'
import { bigintOf, bytesOfBigint, digitsIn, formatDecimal, parseDecimal } from './decimal.ts'
import { createResolver } from './own-type.ts'

/** A schema of a logical type, as schema.ts leaves it. */
export interface LogicalSchema {
  readonly type: string
  readonly logicalType: string
  readonly size?: number
  readonly precision?: number
  readonly scale?: number
}

/** A type whose values are converted on their way. `_toValue` answers undefined for what it does not take. */
abstract class AvroLogical extends types.LogicalType {
  /** Which kind of JavaScript value stands for it; see union.ts. */
  abstract readonly kind: 'string' | 'date' | 'object'
  /** For messages: what a value has to be. */
  abstract readonly expects: string
  protected abstract _fromValue(value: unknown): unknown
  protected abstract _toValue(value: unknown): unknown

  override _copy(value: unknown, options?: CopyOptions): unknown {
    const copied = super._copy(value, options)
    // A default has to be what may be written.
    if (options?.coerce === 2 && this._toValue(copied) === undefined) throw new Error(`${this.expects} is expected`)
    return copied
  }

  override createResolver(writer: AvscType, options?: ResolverOptions): Resolver {
    return createResolver.call(this, writer, options)
  }

  override _update(resolver: Resolver, writer: AvscType, options: ResolverOptions): void {
    const underlying = this.underlyingType.createResolver(writer.underlyingType ?? writer, options)
    resolver._read = (tap: Tap) => this._fromValue(underlying._read(tap))
  }
}

export function isAvroLogical(type: AvscType): type is AvroLogical {
  return type instanceof AvroLogical
}

const MS_PER_DAY = 86_400_000

class TimestampMillis extends AvroLogical {
  readonly kind = 'date'
  readonly expects = 'a Date'
  protected _fromValue(value: bigint): Date {
    return dateOf(Number(value), `${value} ms`)
  }
  protected _toValue(value: unknown): bigint | undefined {
    return value instanceof Date && !Number.isNaN(value.getTime()) ? BigInt(value.getTime()) : undefined
  }
}

class DateOfDays extends AvroLogical {
  readonly kind = 'string'
  readonly expects = 'a date like "2026-11-21"'
  protected _fromValue(days: number): string {
    return dateOf(days * MS_PER_DAY, `${days} days`)
      .toISOString()
      .slice(0, -'T00:00:00.000Z'.length)
  }
  protected _toValue(value: unknown): number | undefined {
    if (typeof value !== 'string') return undefined
    const ms = Date.parse(`${value}T00:00:00.000Z`)
    // Also refuses the 30th of February, which would be read as a day in March.
    return Number.isNaN(ms) || !new Date(ms).toISOString().startsWith(`${value}T`) ? undefined : ms / MS_PER_DAY
  }
}

function dateOf(ms: number, text: string): Date {
  const date = new Date(ms)
  if (Number.isNaN(date.getTime())) throw new Error(`${text} since 1970 is beyond the range of a Date`)
  return date
}

const UUID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i

class UuidText extends AvroLogical {
  readonly kind = 'string'
  readonly expects = 'a uuid like "123e4567-e89b-12d3-a456-426614174000"'
  protected _fromValue(text: string): string {
    return text
  }
  protected _toValue(value: unknown): string | undefined {
    return typeof value === 'string' && UUID.test(value) ? value : undefined
  }
}

class UuidBytes extends AvroLogical {
  readonly kind = 'string'
  readonly expects = 'a uuid like "123e4567-e89b-12d3-a456-426614174000"'
  protected _fromValue(bytes: Buffer | undefined): string | undefined {
    return bytes?.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
  }
  protected _toValue(value: unknown): Buffer | undefined {
    return typeof value === 'string' && UUID.test(value) ? Buffer.from(value.replaceAll('-', ''), 'hex') : undefined
  }
}

class Duration extends AvroLogical {
  readonly kind = 'object'
  readonly expects = 'a duration { months, days, milliseconds } of integers in [0, 2^32)'
  protected _fromValue(bytes: Buffer | undefined): AvroDuration | undefined {
    if (bytes === undefined) return undefined
    return { months: bytes.readUInt32LE(0), days: bytes.readUInt32LE(4), milliseconds: bytes.readUInt32LE(8) }
  }
  protected _toValue(value: unknown): Buffer | undefined {
    if (typeof value !== 'object' || value === null) return undefined
    const { months, days, milliseconds } = value as Partial<AvroDuration>
    const bytes = Buffer.alloc(12)
    for (const [index, part] of [months, days, milliseconds].entries()) {
      if (part === undefined || part !== part >>> 0) return undefined
      bytes.writeUInt32LE(part, index * 4)
    }
    return bytes
  }
}

/** A writer may have filled a decimal up to the size of a machine's word. */
const PADDING_BYTES = 8

class Decimal extends AvroLogical {
  readonly kind = 'string'
  readonly expects: string
  readonly precision: number
  readonly scale: number
  readonly #sizeBytes: number | undefined
  readonly #maxBytes: number

  constructor(schema: LogicalSchema, options: BuildOptions) {
    super(schema, options)
    const { precision, scale = 0 } = schema
    if (!Number.isInteger(precision) || precision! < 1 || !Number.isInteger(scale) || scale < 0 || scale > precision!) {
      throw new Error(`a decimal has a precision of at least 1 and a scale in [0, precision], not ${precision} and ${scale}`)
    }
    if (schema.type === 'fixed' && digitsIn(schema.size!) < precision!) {
      throw new Error(`a decimal of ${precision} digits does not fit into ${schema.size} bytes`)
    }
    this.precision = precision!
    this.scale = scale
    this.#sizeBytes = schema.type === 'fixed' ? schema.size : undefined
    this.#maxBytes = schema.size ?? bytesOfBigint(-(10n ** BigInt(precision!))).length + PADDING_BYTES
    const example = formatDecimal(1234n % 10n ** BigInt(precision!), scale)
    this.expects = `a decimal like "${example}" with at most ${precision} digits, ${scale} of them behind the point`
  }

  protected _fromValue(bytes: Buffer | undefined): string | undefined {
    // Undefined past the end, which avsc notices afterwards.
    if (bytes === undefined) return undefined
    // Turning bytes into digits takes more than twice as long for twice as many.
    if (bytes.length > this.#maxBytes) throw new Error(`a decimal of ${this.precision} digits does not have ${bytes.length} bytes`)
    return formatDecimal(bigintOf(bytes), this.scale)
  }

  protected _toValue(value: unknown): Buffer | undefined {
    const unscaled = typeof value === 'string' ? parseDecimal(value, this.precision, this.scale) : null
    return unscaled === null ? undefined : bytesOfBigint(unscaled, this.#sizeBytes)
  }

  override _update(resolver: Resolver, writer: AvscType, options: ResolverOptions): void {
    // The same bytes would be another number.
    if (writer instanceof Decimal && writer.scale !== this.scale) {
      throw new Error(`cannot read a decimal of scale ${writer.scale} as one of scale ${this.scale}`)
    }
    super._update(resolver, writer, options)
  }
}

type LogicalClass = new (schema: LogicalSchema, options: BuildOptions) => AvscType

const CLASSES = new Map<string, LogicalClass>([
  ['long timestamp-millis', TimestampMillis],
  ['int date', DateOfDays],
  ['string uuid', UuidText],
  ['fixed uuid', UuidBytes],
  ['fixed duration', Duration],
  ['bytes decimal', Decimal],
  ['fixed decimal', Decimal],
])

const SIZES = new Map<string, number>([
  ['fixed uuid', 16],
  ['fixed duration', 12],
])

/**
 * The class for a logical type; undefined if there is none: its values are then those of the type below, as Avro demands. The table is
 * that of `LogicalValue` in avro-value.ts.
 */
export function logicalClassOf({ type, logicalType, size, precision }: Partial<LogicalSchema>): LogicalClass | undefined {
  const key = `${type} ${logicalType}`
  if (SIZES.has(key) && SIZES.get(key) !== size) return undefined
  if (logicalType === 'decimal' && precision === undefined) return undefined
  return CLASSES.get(key)
}
