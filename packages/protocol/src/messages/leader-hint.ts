import { type Infer, int32, nullable, string, struct } from '../schema/field.ts'

/** Who leads a partition now: sent along with an error that says that the asked broker does not (KIP-951). */
export const leaderIdAndEpoch = struct({
  /** -1 if unknown. */
  leaderId: int32({ default: -1 }),
  leaderEpoch: int32({ default: -1 }),
})
export interface LeaderIdAndEpoch extends Infer<typeof leaderIdAndEpoch> {}

/** How to reach a broker that a {@link leaderIdAndEpoch} names. */
export const nodeEndpoint = struct({
  nodeId: int32(),
  host: string(),
  port: int32(),
  rack: nullable(string(), { default: null }),
})
export interface NodeEndpoint extends Infer<typeof nodeEndpoint> {}
