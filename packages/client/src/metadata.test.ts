import { MessageReader, MessageWriter, type MetadataResponse, metadata as metadataApi } from '@logwerk/protocol'
import { type BrokerErrorCode, type Uuid, ZERO_UUID } from '@logwerk/runtime'
import { describe, expect, test } from 'vitest'
import { Metadata } from './metadata.ts'

const ID = 'AAAAAAAAAAAAAAAAAAAAAQ'
const OTHER_ID = 'AAAAAAAAAAAAAAAAAAAAAg'

interface Topic {
  readonly name: string
  readonly id?: Uuid
  readonly errorCode?: BrokerErrorCode
  /** Leader and epoch of each partition. */
  readonly partitions?: readonly (readonly [leader: number, epoch: number])[]
}

/** An answer as it comes off the wire. */
function answer(topics: readonly Topic[], brokers: readonly number[] = [1, 2]): MetadataResponse {
  const codec = metadataApi.response.codec(13)
  const writer = new MessageWriter()
  codec.encode(writer, {
    clusterId: 'c',
    controllerId: 2,
    brokers: brokers.map(nodeId => ({ nodeId, host: `b${nodeId}`, port: 9092 })),
    topics: topics.map(({ name, id = ID, errorCode = 'NONE', partitions = [] }) => ({
      name,
      topicId: id,
      errorCode: errorCode as 'NONE',
      partitions: partitions.map(([leaderId, leaderEpoch], partitionIndex) => ({
        errorCode: 'NONE' as const,
        partitionIndex,
        leaderId,
        leaderEpoch,
        replicaNodes: [],
        isrNodes: [],
      })),
    })),
  })
  return codec.decode(new MessageReader(writer.bytes()))
}

function updated(...answers: (readonly Topic[])[]): Metadata {
  const metadata = new Metadata()
  for (const topics of answers) metadata.update(answer(topics), true)
  return metadata
}

const leaders = (metadata: Metadata, topic: string) =>
  metadata.topic(topic)?.partitions.map(({ leader, leaderEpoch }) => [leader, leaderEpoch])

test('says what the brokers said', () => {
  const metadata = updated([
    {
      name: 't',
      partitions: [
        [1, 5],
        [-1, 6],
        [2, 7],
      ],
    },
  ])
  expect([...metadata.nodes]).toEqual([
    [1, { host: 'b1', port: 9092 }],
    [2, { host: 'b2', port: 9092 }],
  ])
  expect([metadata.clusterId, metadata.controllerId, metadata.topicNames]).toEqual(['c', 2, ['t']])
  expect(metadata.topic('t')).toMatchObject({ name: 't', id: ID, availablePartitions: [0, 2] })
  expect(metadata.topicOfId(ID)?.name).toBe('t')
  expect(metadata.topicOfId(OTHER_ID)).toBeUndefined()
})

describe('a leader epoch (KIP-320)', () => {
  test('never goes back', () => {
    expect(leaders(updated([{ name: 't', partitions: [[1, 5]] }], [{ name: 't', partitions: [[2, 4]] }]), 't')).toEqual([[1, 5]])
    expect(leaders(updated([{ name: 't', partitions: [[1, 5]] }], [{ name: 't', partitions: [[2, 6]] }]), 't')).toEqual([[2, 6]])
    expect(leaders(updated([{ name: 't', partitions: [[1, 5]] }], [{ name: 't', partitions: [[-1, 5]] }]), 't')).toEqual([[-1, 5]])
  })

  test('that the broker does not tell is no reason to stay', () => {
    expect(leaders(updated([{ name: 't', partitions: [[1, 5]] }], [{ name: 't', partitions: [[2, -1]] }]), 't')).toEqual([[2, -1]])
  })

  test('begins anew for a topic that was made anew', () => {
    const metadata = updated([{ name: 't', partitions: [[1, 5]] }], [{ name: 't', id: OTHER_ID, partitions: [[2, 0]] }])
    expect(leaders(metadata, 't')).toEqual([[2, 0]])
    expect(metadata.topicOfId(ID)).toBeUndefined()
    expect(metadata.topicOfId(OTHER_ID)?.name).toBe('t')
  })
})

describe('a leader that came with a refusal (KIP-951)', () => {
  test('counts if it is newer and its address is known', () => {
    const metadata = updated([{ name: 't', partitions: [[1, 5]] }])
    const { version } = metadata
    expect(metadata.updateLeader('t', 0, 2, 5)).toBe(false)
    expect(metadata.updateLeader('t', 0, 3, 6)).toBe(false)
    expect(metadata.updateLeader('t', 1, 2, 6)).toBe(false)
    expect(metadata.updateLeader('u', 0, 2, 6)).toBe(false)
    expect(metadata.version).toBe(version)
    metadata.addNode(3, { host: 'b3', port: 1 })
    expect(metadata.updateLeader('t', 0, 3, 6)).toBe(true)
    expect(leaders(metadata, 't')).toEqual([[3, 6]])
    expect(metadata.version).toBeGreaterThan(version)
  })
})

describe('topics', () => {
  test('that an answer leaves out are forgotten if it is about all of them', () => {
    const metadata = updated([{ name: 't', partitions: [[1, 0]] }])
    metadata.update(answer([]), false)
    expect(metadata.topic('t')).toBeDefined()
    metadata.update(answer([]), true)
    expect(metadata.topic('t')).toBeUndefined()
    expect(metadata.topicOfId(ID)).toBeUndefined()
  })

  test('that are gone are forgotten, with the reason', () => {
    const metadata = updated([{ name: 't', partitions: [[1, 0]] }], [{ name: 't', errorCode: 'UNKNOWN_TOPIC_OR_PARTITION' }])
    expect(metadata.topic('t')).toBeUndefined()
    expect(metadata.errorOf('t')).toBe('UNKNOWN_TOPIC_OR_PARTITION')
    metadata.update(answer([{ name: 't', partitions: [[1, 0]] }]), true)
    expect(metadata.errorOf('t')).toBeUndefined()
  })

  test('stay as they are known through an error that passes', () => {
    const metadata = updated([{ name: 't', partitions: [[1, 3]] }], [{ name: 't', errorCode: 'LEADER_NOT_AVAILABLE' }])
    expect(leaders(metadata, 't')).toEqual([[1, 3]])
    expect(metadata.errorOf('t')).toBe('LEADER_NOT_AVAILABLE')
  })

  test.each([
    ['one that there cannot be', [0, 2_000_000_000]],
    ['one twice', [0, 0]],
    ['one below zero', [-1, 0]],
  ])('stay as they are known through an answer whose partitions are not 0 to n-1: %s', (_, indexes) => {
    const metadata = updated([{ name: 't', partitions: [[1, 3]] }])
    const odd = answer([
      {
        name: 't',
        partitions: [
          [2, 4],
          [2, 4],
        ],
      },
    ])
    for (const [at, index] of indexes.entries()) Object.assign(odd.topics[0]!.partitions[at]!, { partitionIndex: index })
    metadata.update(odd, true)
    expect(leaders(metadata, 't')).toEqual([[1, 3]])
    expect(metadata.errorOf('t')).toBe('UNKNOWN_SERVER_ERROR')
  })

  test('without an id are known by name only', () => {
    const metadata = updated([{ name: 't', id: ZERO_UUID, partitions: [[1, 3]] }])
    expect(metadata.topic('t')).toBeDefined()
    expect(metadata.topicOfId(ZERO_UUID)).toBeUndefined()
  })

  test('change the version when they are forgotten by hand', () => {
    const metadata = updated([{ name: 't', partitions: [[1, 3]] }])
    const { version } = metadata
    metadata.forget('t')
    expect(metadata.version).toBeGreaterThan(version)
  })
})

test('brokers that an answer leaves out are gone', () => {
  const metadata = updated([])
  metadata.addNode(9, { host: 'b9', port: 1 })
  metadata.update(answer([], [2]), true)
  expect([...metadata.nodes.keys()]).toEqual([2])
})
