import type { CompressionCodecs } from '@logwerk/protocol'
import type { World } from '@logwerk/runtime'
import type { AnswersInFlight } from './answers-in-flight.ts'
import type { BrokerConfig } from './broker-config.ts'
import type { TopicImage } from './cluster-metadata/metadata-image.ts'
import type { FetchSessions } from './fetch-session.ts'
import type { GroupCoordinator } from './groups/group-coordinator.ts'
import type { ProducerIds } from './producer-ids.ts'
import type { Topics } from './topics.ts'

/** What request handlers work with. */
export interface BrokerState {
  readonly world: World
  readonly config: BrokerConfig
  readonly nodeId: number
  readonly clusterId: string
  readonly codecs: CompressionCodecs
  readonly topics: Topics
  readonly producerIds: ProducerIds
  readonly fetchSessions: FetchSessions
  readonly answers: AnswersInFlight
  readonly groups: GroupCoordinator
  /** Partitions of a topic that does not say. */
  readonly defaultPartitionCount: number
  /** Clients do not write to these topics. */
  isInternal(topic: string): boolean
  /** Creates a topic that somebody asked for, if the broker does that; the answer does not wait for it. */
  autoCreate(topic: string): void
  /** Deletes a topic, and the offsets that groups have committed for it. */
  deleteTopic(topic: Pick<TopicImage, 'name' | 'id'>): Promise<void>
  checkpointLogStarts(): void
}
