import type { GroupRules } from '@logwerk/coordinator'
import { KafkaError } from '@logwerk/runtime'
import type { BrokerConfig } from '../broker-config.ts'

/** What the broker's options say about groups. @throws KafkaError `INVALID_CONFIG` if no session timeout is allowed. */
export function groupRulesOf(config: BrokerConfig): GroupRules {
  const { groupMinSessionTimeoutMs, groupMaxSessionTimeoutMs } = config
  if (groupMinSessionTimeoutMs > groupMaxSessionTimeoutMs) {
    throw new KafkaError(
      'INVALID_CONFIG',
      `openBroker: groupMinSessionTimeoutMs (${groupMinSessionTimeoutMs}) is above groupMaxSessionTimeoutMs (${groupMaxSessionTimeoutMs}), so no member could join a group`,
    )
  }
  return {
    initialRebalanceDelayMs: config.groupInitialRebalanceDelayMs,
    minSessionTimeoutMs: groupMinSessionTimeoutMs,
    maxSessionTimeoutMs: groupMaxSessionTimeoutMs,
    maxSize: config.groupMaxSize,
    offsetMetadataMaxBytes: config.offsetMetadataMaxBytes,
    offsetsRetentionMs: config.offsetsRetentionMinutes * 60_000,
  }
}
