export type { BrokerConfig, BrokerConfigInput } from './broker-config.ts'
export { brokerConfig } from './broker-config.ts'
export type { Broker, OpenBrokerOptions } from './open-broker.ts'
export { openBroker } from './open-broker.ts'
