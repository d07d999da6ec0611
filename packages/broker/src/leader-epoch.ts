import type { Log } from '@logwerk/storage'

/** Why a client that believes in `currentLeaderEpoch` is turned away; null if it may go on. -1 skips the check (KIP-320). */
export function epochRefusal(log: Log, currentLeaderEpoch: number): 'FENCED_LEADER_EPOCH' | 'UNKNOWN_LEADER_EPOCH' | null {
  if (currentLeaderEpoch < 0 || currentLeaderEpoch === log.leaderEpoch) return null
  return currentLeaderEpoch < log.leaderEpoch ? 'FENCED_LEADER_EPOCH' : 'UNKNOWN_LEADER_EPOCH'
}
