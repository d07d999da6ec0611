export type {
  AlterableConfig,
  AlterConfigsRequest,
  AlterConfigsRequestInput,
  AlterConfigsResource,
  AlterConfigsResponse,
  AlterConfigsResponseInput,
  AlterConfigsResult,
  AlterConfigsResultInput,
} from './messages/alter-configs.ts'
export { alterableConfig, alterConfigs, alterConfigsResource, alterConfigsResult } from './messages/alter-configs.ts'
export type {
  ApiVersionRange,
  ApiVersionsRequest,
  ApiVersionsRequestInput,
  ApiVersionsResponse,
  ApiVersionsResponseInput,
  FinalizedFeature,
  SupportedFeature,
} from './messages/api-versions.ts'
export { apiVersionRange, apiVersions, finalizedFeature, supportedFeature } from './messages/api-versions.ts'
export type { Apis } from './messages/apis.ts'
export { apiOfKey, apis } from './messages/apis.ts'
export { NO_AUTHORIZED_OPERATIONS } from './messages/authorized-operations.ts'
export type {
  ConfigRecord,
  ConfigRecordInput,
  FeatureLevelRecord,
  FeatureLevelRecordInput,
  PartitionChangeRecord,
  PartitionChangeRecordInput,
  PartitionRecord,
  PartitionRecordInput,
  ProducerIdsRecord,
  ProducerIdsRecordInput,
  RemoveTopicRecord,
  RemoveTopicRecordInput,
  TopicRecord,
  TopicRecordInput,
} from './messages/cluster-metadata.ts'
export {
  clusterMetadataRecordTypes,
  configRecord,
  featureLevelRecord,
  partitionChangeRecord,
  partitionRecord,
  producerIdsRecord,
  removeTopicRecord,
  topicRecord,
} from './messages/cluster-metadata.ts'
export type {
  ConsumerProtocolAssignment,
  ConsumerProtocolAssignmentInput,
  ConsumerProtocolSubscription,
  ConsumerProtocolSubscriptionInput,
  ConsumerProtocolTopicPartitions,
} from './messages/consumer-protocol.ts'
export { consumerProtocolAssignment, consumerProtocolSubscription, consumerProtocolTopicPartitions } from './messages/consumer-protocol.ts'
export type { ControlRecordTypeSchema, ControlRecordTypeSchemaInput, EndTxnMarker, EndTxnMarkerInput } from './messages/control-record.ts'
export { controlRecordTypeSchema, controlRecordTypes, endTxnMarker } from './messages/control-record.ts'
export type {
  CreatePartitionsRequest,
  CreatePartitionsRequestInput,
  CreatePartitionsResponse,
  CreatePartitionsResponseInput,
  CreatePartitionsTopic,
  CreatePartitionsTopicInput,
  CreatePartitionsTopicResult,
  CreatePartitionsTopicResultInput,
} from './messages/create-partitions.ts'
export { createPartitions, createPartitionsTopic, createPartitionsTopicResult } from './messages/create-partitions.ts'
export type {
  CreatableReplicaAssignment,
  CreatableTopic,
  CreatableTopicConfig,
  CreatableTopicConfigResult,
  CreatableTopicConfigResultInput,
  CreatableTopicInput,
  CreatableTopicResult,
  CreatableTopicResultInput,
  CreateTopicsRequest,
  CreateTopicsRequestInput,
  CreateTopicsResponse,
  CreateTopicsResponseInput,
} from './messages/create-topics.ts'
export {
  creatableReplicaAssignment,
  creatableTopic,
  creatableTopicConfig,
  creatableTopicConfigResult,
  creatableTopicResult,
  createTopics,
} from './messages/create-topics.ts'
export type {
  DeletableGroupResult,
  DeletableGroupResultInput,
  DeleteGroupsRequest,
  DeleteGroupsRequestInput,
  DeleteGroupsResponse,
  DeleteGroupsResponseInput,
} from './messages/delete-groups.ts'
export { deletableGroupResult, deleteGroups } from './messages/delete-groups.ts'
export type {
  DeleteRecordsPartition,
  DeleteRecordsPartitionResult,
  DeleteRecordsPartitionResultInput,
  DeleteRecordsRequest,
  DeleteRecordsRequestInput,
  DeleteRecordsResponse,
  DeleteRecordsResponseInput,
  DeleteRecordsTopic,
  DeleteRecordsTopicResult,
  DeleteRecordsTopicResultInput,
} from './messages/delete-records.ts'
export {
  deleteRecords,
  deleteRecordsPartition,
  deleteRecordsPartitionResult,
  deleteRecordsTopic,
  deleteRecordsTopicResult,
} from './messages/delete-records.ts'
export type {
  DeletableTopic,
  DeletableTopicInput,
  DeletableTopicResult,
  DeletableTopicResultInput,
  DeleteTopicsRequest,
  DeleteTopicsRequestInput,
  DeleteTopicsResponse,
  DeleteTopicsResponseInput,
} from './messages/delete-topics.ts'
export { deletableTopic, deletableTopicResult, deleteTopics } from './messages/delete-topics.ts'
export type {
  DescribeClusterBroker,
  DescribeClusterBrokerInput,
  DescribeClusterRequest,
  DescribeClusterRequestInput,
  DescribeClusterResponse,
  DescribeClusterResponseInput,
} from './messages/describe-cluster.ts'
export { describeCluster, describeClusterBroker, endpointTypes } from './messages/describe-cluster.ts'
export type {
  ConfigSynonym,
  DescribeConfigsRequest,
  DescribeConfigsRequestInput,
  DescribeConfigsResource,
  DescribeConfigsResponse,
  DescribeConfigsResponseInput,
  DescribeConfigsResult,
  DescribeConfigsResultInput,
  DescribedConfig,
  DescribedConfigInput,
} from './messages/describe-configs.ts'
export {
  configResourceTypes,
  configSources,
  configSynonym,
  configTypes,
  describeConfigs,
  describeConfigsResource,
  describeConfigsResult,
  describedConfig,
} from './messages/describe-configs.ts'
export type {
  DescribedGroup,
  DescribedGroupInput,
  DescribedGroupMember,
  DescribedGroupMemberInput,
  DescribeGroupsRequest,
  DescribeGroupsRequestInput,
  DescribeGroupsResponse,
  DescribeGroupsResponseInput,
} from './messages/describe-groups.ts'
export { describedGroup, describedGroupMember, describeGroups } from './messages/describe-groups.ts'
export type {
  AbortedTransaction,
  FetchPartition,
  FetchPartitionInput,
  FetchPartitionResponse,
  FetchPartitionResponseInput,
  FetchRequest,
  FetchRequestInput,
  FetchResponse,
  FetchResponseInput,
  FetchTopic,
  FetchTopicInput,
  FetchTopicResponse,
  FetchTopicResponseInput,
  ForgottenTopic,
  ForgottenTopicInput,
} from './messages/fetch.ts'
export {
  abortedTransaction,
  fetchApi,
  fetchPartition,
  fetchPartitionResponse,
  fetchTopic,
  fetchTopicResponse,
  forgottenTopic,
  isolationLevels,
} from './messages/fetch.ts'
export type {
  Coordinator,
  CoordinatorInput,
  FindCoordinatorRequest,
  FindCoordinatorRequestInput,
  FindCoordinatorResponse,
  FindCoordinatorResponseInput,
} from './messages/find-coordinator.ts'
export { coordinator, coordinatorTypes, findCoordinator } from './messages/find-coordinator.ts'
export type { RequestHeader } from './messages/header.ts'
export { decodeRequestHeader, decodeResponseHeader, encodeRequestHeader, encodeResponseHeader } from './messages/header.ts'
export type { HeartbeatRequest, HeartbeatRequestInput, HeartbeatResponse, HeartbeatResponseInput } from './messages/heartbeat.ts'
export { heartbeat } from './messages/heartbeat.ts'
export type {
  IncrementalAlterableConfig,
  IncrementalAlterConfigsRequest,
  IncrementalAlterConfigsRequestInput,
  IncrementalAlterConfigsResource,
  IncrementalAlterConfigsResponse,
  IncrementalAlterConfigsResponseInput,
} from './messages/incremental-alter-configs.ts'
export {
  configOperations,
  incrementalAlterableConfig,
  incrementalAlterConfigs,
  incrementalAlterConfigsResource,
} from './messages/incremental-alter-configs.ts'
export type {
  InitProducerIdRequest,
  InitProducerIdRequestInput,
  InitProducerIdResponse,
  InitProducerIdResponseInput,
} from './messages/init-producer-id.ts'
export { initProducerId } from './messages/init-producer-id.ts'
export type {
  JoinGroupMember,
  JoinGroupMemberInput,
  JoinGroupProtocol,
  JoinGroupProtocolInput,
  JoinGroupRequest,
  JoinGroupRequestInput,
  JoinGroupResponse,
  JoinGroupResponseInput,
} from './messages/join-group.ts'
export { joinGroup, joinGroupMember, joinGroupProtocol } from './messages/join-group.ts'
export type { LeaderIdAndEpoch, NodeEndpoint } from './messages/leader-hint.ts'
export { leaderIdAndEpoch, nodeEndpoint } from './messages/leader-hint.ts'
export type {
  LeaveGroupRequest,
  LeaveGroupRequestInput,
  LeaveGroupResponse,
  LeaveGroupResponseInput,
  LeavingMember,
  LeavingMemberInput,
  LeavingMemberResponse,
  LeavingMemberResponseInput,
} from './messages/leave-group.ts'
export { leaveGroup, leavingMember, leavingMemberResponse } from './messages/leave-group.ts'
export type {
  ListedGroup,
  ListedGroupInput,
  ListGroupsRequest,
  ListGroupsRequestInput,
  ListGroupsResponse,
  ListGroupsResponseInput,
} from './messages/list-groups.ts'
export { listedGroup, listGroups } from './messages/list-groups.ts'
export type {
  ListOffsetsPartition,
  ListOffsetsPartitionInput,
  ListOffsetsPartitionResponse,
  ListOffsetsPartitionResponseInput,
  ListOffsetsRequest,
  ListOffsetsRequestInput,
  ListOffsetsResponse,
  ListOffsetsResponseInput,
  ListOffsetsTopic,
  ListOffsetsTopicInput,
  ListOffsetsTopicResponse,
  ListOffsetsTopicResponseInput,
} from './messages/list-offsets.ts'
export {
  listOffsets,
  listOffsetsPartition,
  listOffsetsPartitionResponse,
  listOffsetsTimestamps,
  listOffsetsTopic,
  listOffsetsTopicResponse,
} from './messages/list-offsets.ts'
export type {
  MetadataBroker,
  MetadataBrokerInput,
  MetadataPartition,
  MetadataPartitionInput,
  MetadataRequest,
  MetadataRequestInput,
  MetadataRequestTopic,
  MetadataRequestTopicInput,
  MetadataResponse,
  MetadataResponseInput,
  MetadataTopic,
  MetadataTopicInput,
} from './messages/metadata.ts'
export { metadata, metadataBroker, metadataPartition, metadataRequestTopic, metadataTopic } from './messages/metadata.ts'
export type {
  OffsetCommitPartition,
  OffsetCommitPartitionInput,
  OffsetCommitPartitionResponse,
  OffsetCommitPartitionResponseInput,
  OffsetCommitRequest,
  OffsetCommitRequestInput,
  OffsetCommitResponse,
  OffsetCommitResponseInput,
  OffsetCommitTopic,
  OffsetCommitTopicInput,
  OffsetCommitTopicResponse,
  OffsetCommitTopicResponseInput,
} from './messages/offset-commit.ts'
export {
  offsetCommit,
  offsetCommitPartition,
  offsetCommitPartitionResponse,
  offsetCommitTopic,
  offsetCommitTopicResponse,
} from './messages/offset-commit.ts'
export type {
  OffsetDeleteRequest,
  OffsetDeleteRequestInput,
  OffsetDeleteResponse,
  OffsetDeleteResponseInput,
  OffsetDeleteTopic,
  OffsetDeleteTopicResponse,
  OffsetDeleteTopicResponseInput,
} from './messages/offset-delete.ts'
export { offsetDelete, offsetDeleteTopic, offsetDeleteTopicResponse } from './messages/offset-delete.ts'
export type {
  OffsetFetchGroup,
  OffsetFetchGroupInput,
  OffsetFetchGroupResponse,
  OffsetFetchGroupResponseInput,
  OffsetFetchGroupTopic,
  OffsetFetchGroupTopicResponse,
  OffsetFetchGroupTopicResponseInput,
  OffsetFetchPartitionResponse,
  OffsetFetchPartitionResponseInput,
  OffsetFetchRequest,
  OffsetFetchRequestInput,
  OffsetFetchResponse,
  OffsetFetchResponseInput,
  OffsetFetchTopic,
  OffsetFetchTopicResponse,
  OffsetFetchTopicResponseInput,
} from './messages/offset-fetch.ts'
export {
  offsetFetch,
  offsetFetchGroup,
  offsetFetchGroupResponse,
  offsetFetchGroupTopic,
  offsetFetchGroupTopicResponse,
  offsetFetchPartitionResponse,
  offsetFetchTopic,
  offsetFetchTopicResponse,
} from './messages/offset-fetch.ts'
export type {
  EpochEndOffset,
  EpochEndOffsetInput,
  OffsetForLeaderEpochRequest,
  OffsetForLeaderEpochRequestInput,
  OffsetForLeaderEpochResponse,
  OffsetForLeaderEpochResponseInput,
  OffsetForLeaderPartition,
  OffsetForLeaderTopic,
  OffsetForLeaderTopicResult,
} from './messages/offset-for-leader-epoch.ts'
export {
  epochEndOffset,
  offsetForLeaderEpoch,
  offsetForLeaderPartition,
  offsetForLeaderTopic,
  offsetForLeaderTopicResult,
} from './messages/offset-for-leader-epoch.ts'
export type {
  GroupMetadataKey,
  GroupMetadataKeyInput,
  GroupMetadataMember,
  GroupMetadataMemberInput,
  GroupMetadataValue,
  GroupMetadataValueInput,
  OffsetCommitKey,
  OffsetCommitKeyInput,
  OffsetCommitValue,
  OffsetCommitValueInput,
} from './messages/offsets-topic.ts'
export {
  groupMetadataKey,
  groupMetadataMember,
  groupMetadataValue,
  offsetCommitKey,
  offsetCommitValue,
  offsetsTopicRecordTypes,
} from './messages/offsets-topic.ts'
export type {
  ProducePartition,
  ProducePartitionInput,
  ProducePartitionResponse,
  ProducePartitionResponseInput,
  ProduceRecordError,
  ProduceRequest,
  ProduceRequestInput,
  ProduceResponse,
  ProduceResponseInput,
  ProduceTopic,
  ProduceTopicInput,
  ProduceTopicResponse,
  ProduceTopicResponseInput,
} from './messages/produce.ts'
export {
  produce,
  producePartition,
  producePartitionResponse,
  produceRecordError,
  produceTopic,
  produceTopicResponse,
} from './messages/produce.ts'
export type {
  SyncGroupAssignment,
  SyncGroupAssignmentInput,
  SyncGroupRequest,
  SyncGroupRequestInput,
  SyncGroupResponse,
  SyncGroupResponseInput,
} from './messages/sync-group.ts'
export { syncGroup, syncGroupAssignment } from './messages/sync-group.ts'
export type { DecodeVersionedOptions } from './messages/versioned.ts'
export { decodeVersioned, encodeVersioned } from './messages/versioned.ts'
export type { BatchStamp, ValueWriter } from './records/batch-builder.ts'
export { RecordBatchBuilder, sizeOfSingleRecordBatch, stampBatch, UNSTAMPED } from './records/batch-builder.ts'
export {
  LOG_OVERHEAD_BYTES,
  NO_PRODUCER_EPOCH,
  NO_PRODUCER_ID,
  NO_SEQUENCE,
  NO_TIMESTAMP,
  PARTITION_LEADER_EPOCH_AT,
  RECORDS_AT,
  sequenceAfter,
} from './records/batch-header.ts'
export type { MakeRecord } from './records/batch-view.ts'
export { batchesOf, MAX_DECOMPRESSED_BYTES, nextBatch, RecordBatchView } from './records/batch-view.ts'
export type { BatchCheck, BatchRefusal, BatchRules, CheckedRecordBatch } from './records/check-batch.ts'
export { checkBatch } from './records/check-batch.ts'
export type { CodecType, CompressionCodec, CompressionCodecs, CompressionType } from './records/compression-codec.ts'
export { compressionIds, compressionTypeOf } from './records/compression-codec.ts'
export type { EndTransactionMarker, EndTransactionOptions } from './records/control-batch.ts'
export { endTransactionBatch, markerOf } from './records/control-batch.ts'
export { crc32c } from './records/crc32c.ts'
export { recompressBatch } from './records/recompress-batch.ts'
export { BatchRecord } from './records/record.ts'
export { endOfParts, headersOfParts, keyOfParts, valueOfParts } from './records/record-parts.ts'
export type { AnyField, Field, Infer, InferInput, Struct, StructFields } from './schema/field.ts'
export { answerable } from './schema/field.ts'
export type {
  AnyApi,
  Api,
  Message,
  MessageInputOf,
  MessageOf,
  RequestInputOf,
  RequestOf,
  ResponseInputOf,
  ResponseOf,
} from './schema/message.ts'
export { requestHeaderVersion, responseHeaderVersion } from './schema/message.ts'
export { MessageReader } from './schema/message-reader.ts'
export { MessageWriter } from './schema/message-writer.ts'
export { FrameReader, frameOf } from './wire/frame-reader.ts'
