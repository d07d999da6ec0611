import { golden } from '../golden.test-support.ts'
import { fetchApi } from './fetch.ts'

golden(
  fetchApi.response,
  16,
  {
    sessionId: 9,
    responses: [
      {
        topicId: 'AAAAAAAAAAEAAAAAAAAAAg',
        partitions: [
          {
            partitionIndex: 3,
            errorCode: 'NOT_LEADER_OR_FOLLOWER',
            highWatermark: -1,
            currentLeader: { leaderId: 2, leaderEpoch: 5 },
            abortedTransactions: null,
            records: Buffer.alloc(0),
          },
        ],
      },
    ],
    nodeEndpoints: [{ nodeId: 2, host: 'b', port: 9092 }],
  },
  `
  00 00 00 00                 throttleTimeMs
  00 00                       errorCode
  00 00 00 09                 sessionId
  02                          responses: one
  00 00 00 00 00 00 00 01     topicId
  00 00 00 00 00 00 00 02
  02                          partitions: one
  00 00 00 03                 partitionIndex
  00 06                       errorCode
  ff ff ff ff ff ff ff ff     highWatermark
  ff ff ff ff ff ff ff ff     lastStableOffset
  ff ff ff ff ff ff ff ff     logStartOffset
  00                          abortedTransactions: null
  ff ff ff ff                 preferredReadReplica
  01                          records: no bytes
  01 01 09                    one tagged field of the partition: tag 1 of 9 bytes
  00 00 00 02                 currentLeader.leaderId
  00 00 00 05                 currentLeader.leaderEpoch
  00                          no tagged fields of currentLeader
  00                          no tagged fields of the topic
  01 00 0d                    one tagged field of the message: tag 0 of 13 bytes
  02                          nodeEndpoints: one
  00 00 00 02                 nodeId
  02 62                       host
  00 00 23 84                 port
  00                          rack: null
  00                          no tagged fields of the endpoint
`,
  { source: 'kafka-clients 4.4.0' },
)
