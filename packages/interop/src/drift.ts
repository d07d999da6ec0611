import { errorNameOf, ZERO_UUID } from '@logwerk/runtime'
import type { KafkaField, KafkaMessage } from './kafka-schemas.ts'
import { formatVersions, versionsBetween, versionsIn } from './version-range.ts'

/** What the comparison looks at in one of our messages. */
export interface OurMessage {
  readonly name: string
  readonly versions: readonly [first: number, last: number]
  readonly flexibleFrom: number | null
  readonly schema: OurField
}

export interface OurField {
  readonly kind: string
  readonly default: unknown
  readonly since?: number
  readonly until?: number
  readonly nullableSince?: number
  readonly tag?: number
  readonly taggedSince?: number
  readonly ignorable?: boolean
  readonly element?: OurField
  readonly fields?: Readonly<Record<string, OurField>>
}

/**
 * Where our message differs from Kafka's definition, a sentence each; nothing when bytes and values are the same in every version.
 *
 * Differences without effect do not count: versions of Kafka's that we have not got (`spoken`, by default all of Kafka's), fields of such
 * versions, and `ignorable` on a field that no version lacks.
 */
export function driftOf(ours: OurMessage, kafka: KafkaMessage, spoken: readonly number[] = validVersions(kafka)): string[] {
  const differences: string[] = []
  const [first, last] = ours.versions
  const versions = versionsBetween(first, last)
  const differ = (what: string, our: string, their: string) => {
    if (our !== their) differences.push(`${what}: ${our}, but in Kafka ${their}`)
  }
  differ('name', ours.name, kafka.name)
  differ('versions', formatVersions(versions), formatVersions(spoken))
  const flexible = versions.filter(version => ours.flexibleFrom !== null && version >= ours.flexibleFrom)
  differ('flexible versions', formatVersions(flexible), formatVersions(versionsIn(kafka.flexibleVersions, versions)))
  compareStructs(ours.name, ours.schema.fields ?? {}, kafka.fields, versions)
  return differences

  function compareStructs(
    path: string,
    our: Readonly<Record<string, OurField>>,
    their: readonly KafkaField[],
    parent: readonly number[],
  ): void {
    const known = new Map(their.filter(field => versionsIn(field.versions, parent).length > 0).map(field => [camelCase(field.name), field]))
    for (const name of known.keys()) if (!Object.hasOwn(our, name)) differences.push(`${path}.${name}: missing`)
    for (const [name, field] of Object.entries(our)) {
      const kafkaField = known.get(name)
      if (kafkaField === undefined) differences.push(`${path}.${name}: Kafka has no such field`)
      else compareFields(`${path}.${name}`, field, kafkaField, parent)
    }
    // Fields of different versions may stand in any order; those of one version may not, but for the tagged ones.
    const orders = parent.map(version => [
      plainOrder(
        Object.entries(our).filter(([name]) => known.has(name)),
        version,
      ),
      kafkaOrder([...known], version),
    ])
    const [ourOrder, theirOrder] = orders.find(([one, other]) => sameNames(one!, other!) && one!.join() !== other!.join()) ?? [[], []]
    differ(`${path}: order of the fields`, ourOrder!.join(', '), theirOrder!.join(', '))
  }

  function compareFields(path: string, our: OurField, their: KafkaField, parent: readonly number[]): void {
    const [type, kafkaType] = [typeOf(our), kafkaTypeOf(their)]
    differ(`${path}: type`, type, kafkaType)
    const versions = presence(our, parent)
    differ(`${path}: versions`, formatVersions(versions), formatVersions(versionsIn(their.versions, parent)))
    const nullable = versions.filter(version => our.nullableSince !== undefined && version >= our.nullableSince)
    differ(`${path}: nullable versions`, formatVersions(nullable), formatVersions(versionsIn(their.nullableVersions, versions)))
    const tagged = versions.filter(version => isTagged(our, version))
    differ(`${path}: tagged versions`, formatVersions(tagged), formatVersions(versionsIn(their.taggedVersions, versions)))
    differ(`${path}: tag`, String(our.tag), String(their.tag))
    // With another type the default is another too.
    if (type === kafkaType) differ(`${path}: default`, ourDefault(our), kafkaDefault(their))
    if (versions.length < parent.length) differ(`${path}: ignorable`, String(our.ignorable ?? false), String(their.ignorable ?? false))
    if (our.element?.nullableSince !== undefined) differences.push(`${path}: elements may be null, but never in Kafka`)
    const inner = our.element?.fields ?? our.fields
    const fields = fieldsOf(their)
    if (inner !== undefined && fields !== undefined) compareStructs(path, inner, fields, versions)
  }

  function fieldsOf(field: KafkaField): readonly KafkaField[] | undefined {
    return field.fields ?? kafka.commonStructs?.find(struct => struct.name === elementType(field))?.fields
  }
}

/** The versions that Kafka's definition has. */
export function validVersions(kafka: KafkaMessage): number[] {
  return versionsIn(kafka.validVersions, versionsBetween(0, MAX_VERSION))
}

/** Far above the highest version of any message. */
const MAX_VERSION = 100

function presence(field: OurField, parent: readonly number[]): number[] {
  return parent.filter(version => version >= (field.since ?? 0) && version <= (field.until ?? MAX_VERSION))
}

function isTagged(field: OurField, version: number): boolean {
  return field.tag !== undefined && version >= (field.taggedSince ?? field.since ?? 0)
}

function plainOrder(fields: readonly (readonly [string, OurField])[], version: number): string[] {
  return fields.filter(([, field]) => presence(field, [version]).length > 0 && !isTagged(field, version)).map(([name]) => name)
}

function kafkaOrder(fields: readonly (readonly [string, KafkaField])[], version: number): string[] {
  const isPlain = (field: KafkaField) =>
    versionsIn(field.versions, [version]).length > 0 && versionsIn(field.taggedVersions, [version]).length === 0
  return fields.filter(([, field]) => isPlain(field)).map(([name]) => name)
}

function sameNames(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every(name => other.includes(name))
}

function camelCase(name: string): string {
  return name.charAt(0).toLowerCase() + name.slice(1)
}

function elementType(field: KafkaField): string {
  return field.type.replace(/^\[\]/, '')
}

function typeOf(field: OurField): string {
  return field.kind === 'array' ? `array of ${field.element?.kind ?? 'nothing'}` : field.kind
}

function kafkaTypeOf(field: KafkaField): string {
  const kind = kindOf(field)
  return field.type.startsWith('[]') ? `array of ${kind}` : kind
}

/** Kafka's type in our words. That an int16 is an error code shows in its name only. */
function kindOf(field: KafkaField): string {
  const type = elementType(field)
  if (/^[A-Z]/.test(type)) return 'struct'
  if (type === 'bool') return 'boolean'
  return type === 'int16' && field.name.endsWith('ErrorCode') ? 'errorCode' : type
}

function ourDefault({ kind, default: value }: OurField): string {
  if (value instanceof Uint8Array) return `${value.length} bytes`
  // A struct's default is that of its fields, which are compared one by one.
  return kind === 'struct' && value !== null ? 'struct' : JSON.stringify(value)
}

function kafkaDefault(field: KafkaField): string {
  const text = field.default === undefined ? '' : String(field.default)
  const kind = kindOf(field)
  if (text === 'null' || kind === 'records') return 'null'
  if (field.type.startsWith('[]')) return '[]'
  switch (kind) {
    case 'struct':
      return 'struct'
    case 'bytes':
      return '0 bytes'
    case 'string':
      return JSON.stringify(text)
    case 'uuid':
      return JSON.stringify(text === '' ? ZERO_UUID : text)
    case 'boolean':
      return text === '' ? 'false' : text
    case 'errorCode':
      return JSON.stringify(errorNameOf(Number(text)))
    default:
      // 2^63 - 1 is no safe integer. It is the default of tagged fields only, which are not sent with their default, so that the
      // largest number we have can stand for it.
      return String(Math.min(Number(text), Number.MAX_SAFE_INTEGER))
  }
}
