import type { HeartbeatRequest, HeartbeatResponseInput } from '@logwerk/protocol'
import type { BrokerState } from '../broker-state.ts'

/** Keeps a member alive. */
export function handleHeartbeat(broker: BrokerState) {
  return (request: HeartbeatRequest): Promise<HeartbeatResponseInput> => broker.groups.heartbeat(request)
}
