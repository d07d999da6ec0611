import { golden } from '../golden.test-support.ts'
import { heartbeat } from './heartbeat.ts'

const source = 'kafka-clients 4.4.0'

golden(
  heartbeat.request,
  0,
  { groupId: 'g1', generationId: 5, memberId: 'm' },
  `
  00 02 67 31     groupId, int16 length
  00 00 00 05     generationId
  00 01 6d        memberId
`,
  { source },
)

golden(
  heartbeat.request,
  3,
  { groupId: 'g1', generationId: 5, memberId: 'm' },
  `
  00 02 67 31     groupId
  00 00 00 05     generationId
  00 01 6d        memberId
  ff ff           groupInstanceId: null
`,
  { source },
)

golden(
  heartbeat.request,
  4,
  { groupId: 'g1', generationId: 5, memberId: 'm', groupInstanceId: 'i-7' },
  `
  03 67 31        groupId, compact string: length + 1
  00 00 00 05     generationId
  02 6d           memberId
  04 69 2d 37     groupInstanceId
  00              no tagged fields
`,
  { source },
)

golden(
  heartbeat.request,
  4,
  { groupId: 'g1', generationId: 5, memberId: 'm', groupInstanceId: null },
  `
  03 67 31        groupId
  00 00 00 05     generationId
  02 6d           memberId
  00              groupInstanceId: null
  00              no tagged fields
`,
  { source },
)

golden(
  heartbeat.response,
  0,
  { errorCode: 'REBALANCE_IN_PROGRESS' },
  `
  00 1b           errorCode 27; the throttle time came with version 1
`,
  { source },
)

golden(
  heartbeat.response,
  4,
  { throttleTimeMs: 100, errorCode: 'REBALANCE_IN_PROGRESS' },
  `
  00 00 00 64     throttleTimeMs
  00 1b           errorCode 27
  00              no tagged fields
`,
  { source },
)
