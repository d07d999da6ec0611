export type { Admin, AdminOptions, ValidateOptions } from './admin.ts'
export { adminFromProperties, createAdmin } from './admin.ts'
export type { CallOptions } from './admin-call.ts'
export type { AdminConfig, AdminConfigInput } from './admin-config.ts'
export { adminConfig } from './admin-config.ts'
export type { BrokerApi, ClusterDescription, Node } from './cluster.ts'
export type {
  ConfigChanges,
  ConfigDescription,
  ConfigEntry,
  ConfigQuery,
  ConfigResource,
  ConfigSource,
  ConfigSynonymEntry,
  ConfigType,
} from './configs.ts'
export type { PartitionLag } from './group-lag.ts'
export type { GroupOffset, NewGroupOffset } from './group-offsets.ts'
export type { GroupDescription, GroupFilter, GroupListing, GroupMember, MemberRef, RemovedMember } from './groups.ts'
export type { DeletedRecords, IsolationLevel, ListedOffset, OffsetQuery, OffsetSpec, RecordsToDelete } from './records.ts'
export type { TopicPartition } from './routing.ts'
export type {
  CreatedTopic,
  NewPartitions,
  NewTopic,
  PartitionDescription,
  TopicDescription,
  TopicListing,
  TopicRef,
} from './topics.ts'
