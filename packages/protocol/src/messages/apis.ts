import type { AnyApi } from '../schema/message.ts'
import { alterConfigs } from './alter-configs.ts'
import { apiVersions } from './api-versions.ts'
import { createPartitions } from './create-partitions.ts'
import { createTopics } from './create-topics.ts'
import { deleteGroups } from './delete-groups.ts'
import { deleteRecords } from './delete-records.ts'
import { deleteTopics } from './delete-topics.ts'
import { describeCluster } from './describe-cluster.ts'
import { describeConfigs } from './describe-configs.ts'
import { describeGroups } from './describe-groups.ts'
import { fetchApi } from './fetch.ts'
import { findCoordinator } from './find-coordinator.ts'
import { heartbeat } from './heartbeat.ts'
import { incrementalAlterConfigs } from './incremental-alter-configs.ts'
import { initProducerId } from './init-producer-id.ts'
import { joinGroup } from './join-group.ts'
import { leaveGroup } from './leave-group.ts'
import { listGroups } from './list-groups.ts'
import { listOffsets } from './list-offsets.ts'
import { metadata } from './metadata.ts'
import { offsetCommit } from './offset-commit.ts'
import { offsetDelete } from './offset-delete.ts'
import { offsetFetch } from './offset-fetch.ts'
import { offsetForLeaderEpoch } from './offset-for-leader-epoch.ts'
import { produce } from './produce.ts'
import { syncGroup } from './sync-group.ts'

/** Named one by one, because an inferred type would spell out all schemas. */
export type Apis = {
  readonly produce: typeof produce
  readonly fetch: typeof fetchApi
  readonly listOffsets: typeof listOffsets
  readonly metadata: typeof metadata
  readonly offsetCommit: typeof offsetCommit
  readonly offsetFetch: typeof offsetFetch
  readonly findCoordinator: typeof findCoordinator
  readonly joinGroup: typeof joinGroup
  readonly heartbeat: typeof heartbeat
  readonly leaveGroup: typeof leaveGroup
  readonly syncGroup: typeof syncGroup
  readonly describeGroups: typeof describeGroups
  readonly listGroups: typeof listGroups
  readonly apiVersions: typeof apiVersions
  readonly createTopics: typeof createTopics
  readonly deleteTopics: typeof deleteTopics
  readonly deleteRecords: typeof deleteRecords
  readonly initProducerId: typeof initProducerId
  readonly offsetForLeaderEpoch: typeof offsetForLeaderEpoch
  readonly describeConfigs: typeof describeConfigs
  readonly alterConfigs: typeof alterConfigs
  readonly createPartitions: typeof createPartitions
  readonly deleteGroups: typeof deleteGroups
  readonly incrementalAlterConfigs: typeof incrementalAlterConfigs
  readonly offsetDelete: typeof offsetDelete
  readonly describeCluster: typeof describeCluster
}

/** Every API that this implementation speaks, in the order of the keys. */
export const apis: Apis = {
  produce,
  fetch: fetchApi,
  listOffsets,
  metadata,
  offsetCommit,
  offsetFetch,
  findCoordinator,
  joinGroup,
  heartbeat,
  leaveGroup,
  syncGroup,
  describeGroups,
  listGroups,
  apiVersions,
  createTopics,
  deleteTopics,
  deleteRecords,
  initProducerId,
  offsetForLeaderEpoch,
  describeConfigs,
  alterConfigs,
  createPartitions,
  deleteGroups,
  incrementalAlterConfigs,
  offsetDelete,
  describeCluster,
}

const byKey: ReadonlyMap<number, AnyApi> = new Map(Object.values(apis).map((api: AnyApi) => [api.key, api]))

/** The API with this key; undefined if this implementation does not speak it. */
export function apiOfKey(key: number): AnyApi | undefined {
  return byKey.get(key)
}
