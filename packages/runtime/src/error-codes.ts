/** What Logwerk knows about one of Kafka's error codes. */
export interface BrokerErrorInfo {
  /** The int16 on the wire. */
  readonly number: number
  /** True when the same request may succeed later without any change by the caller. */
  readonly retriable: boolean
  /** True when the client's picture of the cluster is out of date: fetch metadata before the next attempt. Absent means false. */
  readonly refreshesMetadata?: true
  /** What happened and, where it helps, the way out: reads on after a place and a colon. */
  readonly description: string
}

/**
 * Every error code of Kafka 4.4, in the order of its numbers. Names, numbers and flags are those of Kafka's class `Errors`:
 * `retriable` where its exception is a `RetriableException`, `refreshesMetadata` where it is an `InvalidMetadataException` or a
 * `RefreshRetriableException`. The descriptions are ours and may change in any release.
 */
export const brokerErrorCodes = {
  UNKNOWN_SERVER_ERROR: { number: -1, retriable: false, description: 'the broker failed in a way it has no code for; see its log' },
  NONE: { number: 0, retriable: false, description: 'no error' },
  OFFSET_OUT_OF_RANGE: { number: 1, retriable: false, description: 'the log does not reach to this offset, or no longer does' },
  CORRUPT_MESSAGE: {
    number: 2,
    retriable: true,
    description: 'a batch has a wrong checksum or size, or lacks a key that compaction needs',
  },
  UNKNOWN_TOPIC_OR_PARTITION: {
    number: 3,
    retriable: true,
    refreshesMetadata: true,
    description: 'the topic or partition does not exist, or this client may not see it; create it or check the name',
  },
  INVALID_FETCH_SIZE: { number: 4, retriable: false, description: 'the fetch asks for an impossible number of bytes' },
  LEADER_NOT_AVAILABLE: {
    number: 5,
    retriable: true,
    refreshesMetadata: true,
    description: 'the partition has no leader at the moment; an election is under way',
  },
  NOT_LEADER_OR_FOLLOWER: { number: 6, retriable: true, refreshesMetadata: true, description: 'this broker does not lead the partition' },
  REQUEST_TIMED_OUT: { number: 7, retriable: true, description: 'the request was not finished in time' },
  BROKER_NOT_AVAILABLE: { number: 8, retriable: false, description: 'the broker that should serve this is not up' },
  REPLICA_NOT_AVAILABLE: {
    number: 9,
    retriable: true,
    refreshesMetadata: true,
    description: 'this broker cannot serve its replica of the partition at the moment',
  },
  MESSAGE_TOO_LARGE: {
    number: 10,
    retriable: false,
    description: 'a record batch is larger than the topic takes; send less at once or raise max.message.bytes',
  },
  STALE_CONTROLLER_EPOCH: { number: 11, retriable: false, description: 'another controller has taken over since' },
  OFFSET_METADATA_TOO_LARGE: {
    number: 12,
    retriable: false,
    description: 'the text committed with an offset is longer than offset.metadata.max.bytes',
  },
  NETWORK_EXCEPTION: {
    number: 13,
    retriable: true,
    refreshesMetadata: true,
    description: 'the connection ended before the answer came',
  },
  COORDINATOR_LOAD_IN_PROGRESS: { number: 14, retriable: true, description: 'the coordinator is still reading its log' },
  COORDINATOR_NOT_AVAILABLE: {
    number: 15,
    retriable: true,
    refreshesMetadata: true,
    description: 'no broker coordinates this group or transaction at the moment',
  },
  NOT_COORDINATOR: {
    number: 16,
    retriable: true,
    refreshesMetadata: true,
    description: 'another broker coordinates this group or transaction',
  },
  INVALID_TOPIC_EXCEPTION: {
    number: 17,
    retriable: false,
    description: 'the topic cannot be used in this way, or its name is not legal: 1 to 249 letters, digits, dots, dashes and underscores',
  },
  RECORD_LIST_TOO_LARGE: { number: 18, retriable: false, description: 'a record batch does not fit a log segment' },
  NOT_ENOUGH_REPLICAS: {
    number: 19,
    retriable: true,
    description: 'fewer replicas are in sync than min.insync.replicas asks for; nothing was written',
  },
  NOT_ENOUGH_REPLICAS_AFTER_APPEND: {
    number: 20,
    retriable: true,
    description: 'the records were written, but fewer replicas have them than min.insync.replicas asks for',
  },
  INVALID_REQUIRED_ACKS: { number: 21, retriable: false, description: 'acks must be 0, 1 or -1 (all)' },
  ILLEGAL_GENERATION: { number: 22, retriable: false, description: 'the group has moved on to another generation; rejoin it' },
  INCONSISTENT_GROUP_PROTOCOL: {
    number: 23,
    retriable: false,
    description: 'the member shares no protocol with the rest of the group; give all members a common assignor',
  },
  INVALID_GROUP_ID: { number: 24, retriable: false, description: 'the group id is empty or not legal' },
  UNKNOWN_MEMBER_ID: { number: 25, retriable: false, description: 'the group does not have this member, or no longer has; join again' },
  INVALID_SESSION_TIMEOUT: {
    number: 26,
    retriable: false,
    description: 'the session timeout lies outside group.min.session.timeout.ms to group.max.session.timeout.ms of the broker',
  },
  REBALANCE_IN_PROGRESS: { number: 27, retriable: false, description: 'the group is rebalancing; rejoin it' },
  INVALID_COMMIT_OFFSET_SIZE: { number: 28, retriable: false, description: 'the offset commit is too large to be stored' },
  TOPIC_AUTHORIZATION_FAILED: { number: 29, retriable: false, description: 'this client may not do that with the topic; ask for an ACL' },
  GROUP_AUTHORIZATION_FAILED: { number: 30, retriable: false, description: 'this client may not do that with the group; ask for an ACL' },
  CLUSTER_AUTHORIZATION_FAILED: {
    number: 31,
    retriable: false,
    description: 'this client may not do that with the cluster; ask for an ACL',
  },
  INVALID_TIMESTAMP: { number: 32, retriable: false, description: 'a timestamp is missing, or further from the time of day than allowed' },
  UNSUPPORTED_SASL_MECHANISM: { number: 33, retriable: false, description: 'the broker does not offer this SASL mechanism' },
  ILLEGAL_SASL_STATE: { number: 34, retriable: false, description: 'the request does not fit this stage of the SASL exchange' },
  UNSUPPORTED_VERSION: { number: 35, retriable: false, description: 'the broker does not speak this version of the request' },
  TOPIC_ALREADY_EXISTS: { number: 36, retriable: false, description: 'the topic exists already' },
  INVALID_PARTITIONS: { number: 37, retriable: false, description: 'the number of partitions is not possible here' },
  INVALID_REPLICATION_FACTOR: {
    number: 38,
    retriable: false,
    description: 'the replication factor must be at least 1 and at most the number of brokers',
  },
  INVALID_REPLICA_ASSIGNMENT: { number: 39, retriable: false, description: 'the replicas cannot be placed as asked' },
  INVALID_CONFIG: { number: 40, retriable: false, description: 'a configuration value is not valid' },
  NOT_CONTROLLER: { number: 41, retriable: true, description: 'another node is the controller of the cluster' },
  INVALID_REQUEST: { number: 42, retriable: false, description: 'the broker cannot make sense of the request; its log may say more' },
  UNSUPPORTED_FOR_MESSAGE_FORMAT: {
    number: 43,
    retriable: false,
    description: 'the records are stored in a format that is too old for this request',
  },
  POLICY_VIOLATION: { number: 44, retriable: false, description: 'a policy of the cluster forbids it' },
  OUT_OF_ORDER_SEQUENCE_NUMBER: {
    number: 45,
    retriable: false,
    description: 'records of this producer are missing before the batch',
  },
  DUPLICATE_SEQUENCE_NUMBER: { number: 46, retriable: false, description: 'the batch has been written before' },
  INVALID_PRODUCER_EPOCH: { number: 47, retriable: false, description: 'the epoch of the producer has been superseded' },
  INVALID_TXN_STATE: { number: 48, retriable: false, description: 'the transaction is in a state that does not allow this' },
  INVALID_PRODUCER_ID_MAPPING: {
    number: 49,
    retriable: false,
    description: 'the producer id does not belong to this transactional id',
  },
  INVALID_TRANSACTION_TIMEOUT: {
    number: 50,
    retriable: false,
    description: 'the transaction timeout is above transaction.max.timeout.ms of the broker',
  },
  CONCURRENT_TRANSACTIONS: { number: 51, retriable: true, description: 'an earlier step of the same transaction is not finished' },
  TRANSACTION_COORDINATOR_FENCED: {
    number: 52,
    retriable: false,
    description: 'another broker has become the coordinator of this transaction',
  },
  TRANSACTIONAL_ID_AUTHORIZATION_FAILED: {
    number: 53,
    retriable: false,
    description: 'this client may not use the transactional id; ask for an ACL',
  },
  SECURITY_DISABLED: { number: 54, retriable: false, description: 'the broker runs without an authorizer' },
  OPERATION_NOT_ATTEMPTED: { number: 55, retriable: false, description: 'not tried, because another part of the request failed' },
  KAFKA_STORAGE_ERROR: {
    number: 56,
    retriable: true,
    refreshesMetadata: true,
    description: 'the disk of the broker failed; see its log',
  },
  LOG_DIR_NOT_FOUND: { number: 57, retriable: false, description: 'the broker is not configured with this log directory' },
  SASL_AUTHENTICATION_FAILED: { number: 58, retriable: false, description: 'the broker did not accept the credentials' },
  UNKNOWN_PRODUCER_ID: {
    number: 59,
    retriable: false,
    description: 'the broker does not remember this producer; its last records may have been deleted by retention',
  },
  REASSIGNMENT_IN_PROGRESS: { number: 60, retriable: false, description: 'replicas are being moved; wait until that is over' },
  DELEGATION_TOKEN_AUTH_DISABLED: { number: 61, retriable: false, description: 'the broker is not set up for delegation tokens' },
  DELEGATION_TOKEN_NOT_FOUND: { number: 62, retriable: false, description: 'the broker has no such delegation token' },
  DELEGATION_TOKEN_OWNER_MISMATCH: {
    number: 63,
    retriable: false,
    description: 'only an owner or renewer of the delegation token may do this',
  },
  DELEGATION_TOKEN_REQUEST_NOT_ALLOWED: {
    number: 64,
    retriable: false,
    description: 'delegation tokens are managed only over a connection that is authenticated by other means',
  },
  DELEGATION_TOKEN_AUTHORIZATION_FAILED: {
    number: 65,
    retriable: false,
    description: 'this client may not do that with the delegation token',
  },
  DELEGATION_TOKEN_EXPIRED: { number: 66, retriable: false, description: 'the delegation token has expired' },
  INVALID_PRINCIPAL_TYPE: { number: 67, retriable: false, description: 'the broker does not know this type of principal' },
  NON_EMPTY_GROUP: { number: 68, retriable: false, description: 'the group still has members; stop them first' },
  GROUP_ID_NOT_FOUND: { number: 69, retriable: false, description: 'the group does not exist' },
  FETCH_SESSION_ID_NOT_FOUND: { number: 70, retriable: true, description: 'the broker has dropped the fetch session; open a new one' },
  INVALID_FETCH_SESSION_EPOCH: { number: 71, retriable: true, description: 'a fetch is out of step with its session' },
  LISTENER_NOT_FOUND: {
    number: 72,
    retriable: true,
    refreshesMetadata: true,
    description: 'the leader cannot be reached through the listener that this client uses',
  },
  TOPIC_DELETION_DISABLED: { number: 73, retriable: false, description: 'the broker has delete.topic.enable=false' },
  FENCED_LEADER_EPOCH: {
    number: 74,
    retriable: true,
    refreshesMetadata: true,
    description: 'the request names a leader epoch that is over',
  },
  UNKNOWN_LEADER_EPOCH: { number: 75, retriable: true, description: 'the request names a leader epoch that the broker has yet to hear of' },
  UNSUPPORTED_COMPRESSION_TYPE: {
    number: 76,
    retriable: false,
    description: 'the records are compressed in a way this client cannot read',
  },
  STALE_BROKER_EPOCH: { number: 77, retriable: false, description: 'the broker has registered anew since' },
  OFFSET_NOT_AVAILABLE: {
    number: 78,
    retriable: true,
    description: 'the leader is new and does not know yet how far the log is committed',
  },
  MEMBER_ID_REQUIRED: { number: 79, retriable: false, description: 'join again with the member id that came with this answer' },
  PREFERRED_LEADER_NOT_AVAILABLE: {
    number: 80,
    retriable: true,
    refreshesMetadata: true,
    description: 'the preferred leader is down or not in sync',
  },
  GROUP_MAX_SIZE_REACHED: { number: 81, retriable: false, description: 'the group is full; its limit is a setting of the broker' },
  FENCED_INSTANCE_ID: {
    number: 82,
    retriable: false,
    description: 'another member has joined with the same group.instance.id; give each its own',
  },
  ELIGIBLE_LEADERS_NOT_AVAILABLE: {
    number: 83,
    retriable: true,
    refreshesMetadata: true,
    description: 'no replica that is up may become the leader',
  },
  ELECTION_NOT_NEEDED: {
    number: 84,
    retriable: true,
    refreshesMetadata: true,
    description: 'the partition already has the leader that was asked for',
  },
  NO_REASSIGNMENT_IN_PROGRESS: { number: 85, retriable: false, description: 'no replicas are being moved' },
  GROUP_SUBSCRIBED_TO_TOPIC: {
    number: 86,
    retriable: false,
    description: 'the group still subscribes to the topic; stop its members before deleting the offsets',
  },
  INVALID_RECORD: { number: 87, retriable: false, description: 'the broker found a record that breaks a rule of the topic' },
  UNSTABLE_OFFSET_COMMIT: { number: 88, retriable: true, description: 'a transaction that commits these offsets is still open' },
  THROTTLING_QUOTA_EXCEEDED: { number: 89, retriable: true, description: 'the quota for such changes is used up; slow down' },
  PRODUCER_FENCED: { number: 90, retriable: false, description: 'a newer producer has taken over this transactional id' },
  RESOURCE_NOT_FOUND: { number: 91, retriable: false, description: 'what the request names does not exist' },
  DUPLICATE_RESOURCE: { number: 92, retriable: false, description: 'the request names the same thing twice' },
  UNACCEPTABLE_CREDENTIAL: { number: 93, retriable: false, description: 'the new credential breaks a rule, such as its iteration count' },
  INCONSISTENT_VOTER_SET: { number: 94, retriable: false, description: 'one side is not among the voters that the other expects' },
  INVALID_UPDATE_VERSION: { number: 95, retriable: false, description: 'the feature cannot be set to this version' },
  FEATURE_UPDATE_FAILED: { number: 96, retriable: false, description: 'the controller failed to update the features; see its log' },
  PRINCIPAL_DESERIALIZATION_FAILURE: {
    number: 97,
    retriable: false,
    description: 'the controller cannot read who the forwarded request comes from; check the security setup of the cluster',
  },
  SNAPSHOT_NOT_FOUND: { number: 98, retriable: false, description: 'the snapshot does not exist' },
  POSITION_OUT_OF_RANGE: { number: 99, retriable: false, description: 'the position lies outside the snapshot' },
  UNKNOWN_TOPIC_ID: { number: 100, retriable: true, refreshesMetadata: true, description: 'this broker has no topic of this id' },
  DUPLICATE_BROKER_REGISTRATION: {
    number: 101,
    retriable: false,
    description: 'a running broker has this id already; give each its own',
  },
  BROKER_ID_NOT_REGISTERED: { number: 102, retriable: false, description: 'no broker is registered under this id' },
  INCONSISTENT_TOPIC_ID: {
    number: 103,
    retriable: true,
    refreshesMetadata: true,
    description: 'the topic has another id than the request says; it may have been deleted and created anew',
  },
  INCONSISTENT_CLUSTER_ID: { number: 104, retriable: false, description: 'the request is meant for another cluster' },
  TRANSACTIONAL_ID_NOT_FOUND: { number: 105, retriable: false, description: 'the coordinator does not know this transactional id' },
  FETCH_SESSION_TOPIC_ID_ERROR: {
    number: 106,
    retriable: true,
    description: 'a fetch session uses topic ids in one request and not in another; open a new one',
  },
  INELIGIBLE_REPLICA: { number: 107, retriable: false, description: 'a replica that should be in sync is fenced or shutting down' },
  NEW_LEADER_ELECTED: { number: 108, retriable: false, description: 'the change was made, and gave the partition another leader' },
  OFFSET_MOVED_TO_TIERED_STORAGE: { number: 109, retriable: false, description: 'the offset is no longer on the disk of the leader' },
  FENCED_MEMBER_EPOCH: {
    number: 110,
    retriable: false,
    description: 'the coordinator has fenced this member; give up all partitions and rejoin',
  },
  UNRELEASED_INSTANCE_ID: {
    number: 111,
    retriable: false,
    description: 'another member still holds this group.instance.id; it must leave first',
  },
  UNSUPPORTED_ASSIGNOR: { number: 112, retriable: false, description: 'the group has no such assignor, or not in this version' },
  STALE_MEMBER_EPOCH: {
    number: 113,
    retriable: false,
    description: 'the member has a newer epoch; try again with the one from its next heartbeat',
  },
  MISMATCHED_ENDPOINT_TYPE: {
    number: 114,
    retriable: false,
    description: 'the request went to a controller instead of a broker, or the reverse',
  },
  UNSUPPORTED_ENDPOINT_TYPE: { number: 115, retriable: false, description: 'this node cannot describe endpoints of this type' },
  UNKNOWN_CONTROLLER_ID: { number: 116, retriable: false, description: 'the cluster has no controller of this id' },
  UNKNOWN_SUBSCRIPTION_ID: {
    number: 117,
    retriable: false,
    description: 'the telemetry subscription has changed; fetch it again',
  },
  TELEMETRY_TOO_LARGE: { number: 118, retriable: false, description: 'the metrics sent are larger than the broker takes' },
  INVALID_REGISTRATION: { number: 119, retriable: false, description: 'the controller turned the registration down; see its log' },
  TRANSACTION_ABORTABLE: { number: 120, retriable: false, description: 'the transaction cannot go on; abort it, then begin another' },
  INVALID_RECORD_STATE: {
    number: 121,
    retriable: false,
    description: 'this member no longer holds the record that it acknowledges',
  },
  SHARE_SESSION_NOT_FOUND: { number: 122, retriable: true, description: 'the broker has dropped the share session; open a new one' },
  INVALID_SHARE_SESSION_EPOCH: { number: 123, retriable: true, description: 'a share fetch is out of step with its session' },
  FENCED_STATE_EPOCH: { number: 124, retriable: false, description: 'the state of the share group has another epoch' },
  INVALID_VOTER_KEY: { number: 125, retriable: false, description: 'the request is meant for another voter than this one' },
  DUPLICATE_VOTER: { number: 126, retriable: false, description: 'this node is a voter already' },
  VOTER_NOT_FOUND: { number: 127, retriable: false, description: 'this node is not a voter' },
  INVALID_REGULAR_EXPRESSION: {
    number: 128,
    retriable: false,
    description: 'the broker cannot read the pattern; it takes RE2 syntax',
  },
  REBOOTSTRAP_REQUIRED: {
    number: 129,
    retriable: false,
    description: 'the metadata of this client has no use any more; start again from the bootstrap servers',
  },
  STREAMS_INVALID_TOPOLOGY: { number: 130, retriable: false, description: 'the topology of the streams group is not valid' },
  STREAMS_INVALID_TOPOLOGY_EPOCH: { number: 131, retriable: false, description: 'the topology epoch of the streams member is not valid' },
  STREAMS_TOPOLOGY_FENCED: { number: 132, retriable: false, description: 'the streams group has moved on to a newer topology' },
  SHARE_SESSION_LIMIT_REACHED: { number: 133, retriable: true, description: 'the broker has no room for another share session' },
  GROUP_DELETION_FAILED: { number: 134, retriable: false, description: 'the group could not be deleted' },
  STREAMS_TOPOLOGY_DESCRIPTION_UPDATE_FAILED: {
    number: 135,
    retriable: false,
    description: 'the broker could not take over the description of the topology',
  },
  CONTROLLER_ID_NOT_REGISTERED: { number: 136, retriable: false, description: 'no controller is registered under this id' },
} as const satisfies Record<string, BrokerErrorInfo>

/** Kafka's name of an error code. */
export type BrokerErrorCode = keyof typeof brokerErrorCodes

/** Names by number, moved up by one: the numbers start at -1. */
const NAMES: BrokerErrorCode[] = []
for (const [name, info] of Object.entries(brokerErrorCodes)) NAMES[info.number + 1] = name as BrokerErrorCode

/** The name of an error number; `UNKNOWN_SERVER_ERROR` for one that Kafka 4.4 does not have, as Kafka's `Errors.forCode`. */
export function errorNameOf(number: number): BrokerErrorCode {
  return NAMES[number + 1] ?? 'UNKNOWN_SERVER_ERROR'
}

/** The int16 that stands for `code` on the wire. */
export function errorNumberOf(code: BrokerErrorCode): number {
  return brokerErrorCodes[code].number
}

/** True when a client that is answered `code` should fetch metadata before its next attempt. */
export function refreshesMetadata(code: BrokerErrorCode): boolean {
  const info: BrokerErrorInfo = brokerErrorCodes[code]
  return info.refreshesMetadata === true
}
