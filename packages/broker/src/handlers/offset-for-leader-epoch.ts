import type { OffsetForLeaderEpochRequest, OffsetForLeaderEpochResponseInput } from '@logwerk/protocol'
import type { BrokerState } from '../broker-state.ts'
import { epochRefusal } from '../leader-epoch.ts'

/** Says where an epoch ended, so that a reader finds out that records it has read are gone (KIP-320). */
export function handleOffsetForLeaderEpoch(broker: BrokerState) {
  return (request: OffsetForLeaderEpochRequest): OffsetForLeaderEpochResponseInput => ({
    topics: request.topics.map(({ topic, partitions }) => ({
      topic,
      partitions: partitions.map(({ partition: index, currentLeaderEpoch, leaderEpoch }) => {
        const partition = broker.topics.partition(topic, index)
        if (partition === undefined) return { partition: index, errorCode: 'UNKNOWN_TOPIC_OR_PARTITION' as const }
        const refusal = epochRefusal(partition.log, currentLeaderEpoch)
        if (refusal !== null) return { partition: index, errorCode: refusal }
        const { log } = partition
        // A new log has no epoch on record until something is written, but it has a leader.
        const { epoch, endOffset } =
          log.leaderEpochs.latest < 0 && leaderEpoch === log.leaderEpoch
            ? { epoch: leaderEpoch, endOffset: log.logEndOffset }
            : log.leaderEpochs.endOffsetOf(leaderEpoch, log.logEndOffset)
        return { partition: index, errorCode: 'NONE' as const, leaderEpoch: epoch, endOffset }
      }),
    })),
  })
}
