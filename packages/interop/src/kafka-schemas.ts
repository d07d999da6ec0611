import { runJava } from './kafka-java.ts'

/** A message as Kafka's own definition has it (the JSON in its jars). */
export interface KafkaMessage {
  readonly name: string
  readonly type: string
  /** Of requests and responses the API's key; of records their type. */
  readonly apiKey?: number
  readonly validVersions: string
  readonly flexibleVersions: string
  readonly fields: readonly KafkaField[]
  readonly commonStructs?: readonly { readonly name: string; readonly fields: readonly KafkaField[] }[]
}

export interface KafkaField {
  readonly name: string
  /** A scalar, the name of a struct, or either as an array: `[]int32`. */
  readonly type: string
  readonly versions: string
  readonly nullableVersions?: string
  readonly taggedVersions?: string
  readonly tag?: number
  /** Mostly text, of numbers too. Absent: the zero of the type. */
  readonly default?: string | number | boolean | null
  readonly ignorable?: boolean
  /** Of a struct that is defined in place. */
  readonly fields?: readonly KafkaField[]
}

/** An API as Kafka's class `ApiKeys` has it. */
export interface KafkaApi {
  readonly key: number
  readonly name: string
  /** The range in a broker's answer to ApiVersions. */
  readonly advertised: readonly [first: number, last: number]
  readonly headers: readonly { readonly version: number; readonly request: number; readonly response: number }[]
}

export interface KafkaSchemas {
  readonly messages: readonly KafkaMessage[]
  readonly apis: readonly KafkaApi[]
  /** Numbers by name, as Kafka's enum has them. */
  readonly controlRecordTypes: Readonly<Record<string, number>>
}

/** All definitions in the jars of the real Kafka. */
export function readKafkaSchemas(): KafkaSchemas {
  return JSON.parse(runJava('DumpSchemas')) as KafkaSchemas
}
