import { configTypes } from '@logwerk/protocol'
import { type BrokerConfig, brokerConfig } from './broker-config.ts'

export interface BrokerProperty {
  readonly name: string
  /** Null where nothing is set. */
  readonly value: string | null
  readonly isDefault: boolean
  readonly typeId: number
  readonly doc: string
}

const TYPE_IDS: Readonly<Record<string, number>> = {
  durationMs: configTypes.LONG,
  sizeBytes: configTypes.INT,
  integer: configTypes.INT,
  boolean: configTypes.BOOLEAN,
}

/** The broker's options under their Kafka names; our own have the prefix `logwerk.`. What tools show of a broker's config. */
export function brokerProperties(config: BrokerConfig): BrokerProperty[] {
  return Object.entries(brokerConfig).map(([option, { kafkaKey, default: absent, kind, doc }]) => {
    const value = config[option as keyof BrokerConfig]
    return {
      name: kafkaKey ?? `logwerk.${option.replace(/[A-Z]/g, letter => `.${letter.toLowerCase()}`)}`,
      value: value === null ? null : String(value),
      isDefault: value === absent,
      typeId: TYPE_IDS[kind] ?? configTypes.STRING,
      doc,
    }
  })
}
