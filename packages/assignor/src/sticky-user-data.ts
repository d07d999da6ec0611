import { ByteReader, ByteWriter, KafkaError } from '@logwerk/runtime'
import type { AssignorMember, TopicPartitions } from './assignor.ts'

/** What a member says it had, and since when; generation -1 if it does not know. */
export interface Claim {
  readonly partitions: readonly TopicPartitions[]
  readonly generationId: number
}

const NO_CLAIM: Claim = { partitions: [], generationId: -1 }

/**
 * The user data of `sticky`: the previous assignment, then its generation. Big-endian: count of topics, each with its name (int16 length)
 * and count of partitions (all int32); then the generation (int32). Source: Kafka's `StickyAssignor`, user data version 1.
 */
export function encodeStickyUserData({ partitions, generationId }: Claim): Uint8Array {
  const writer = new ByteWriter()
  writer.writeInt32(partitions.length)
  for (const { topic, partitions: numbers } of partitions) {
    writer.writeInt16(Buffer.byteLength(topic, 'utf8'))
    writer.writeUtf8(topic)
    writer.writeInt32(numbers.length)
    for (const number of numbers) writer.writeInt32(number)
  }
  writer.writeInt32(generationId)
  return new Uint8Array(writer.bytes())
}

/**
 * The claim of a `sticky` member. Version 0, of clients before Kafka 2.3, ends before the generation. Bytes that are neither claim
 * nothing, as in Java: a member whose history cannot be read is treated like a new one instead of failing the whole group.
 */
export function decodeStickyUserData(userData: Uint8Array | null): Claim {
  if (userData === null) return NO_CLAIM
  try {
    const reader = new ByteReader(userData)
    const partitions: TopicPartitions[] = []
    for (let topics = readCount(reader); topics > 0; topics--) {
      const topic = reader.readUtf8(reader.readInt16())
      const numbers: number[] = []
      for (let count = readCount(reader); count > 0; count--) numbers.push(reader.readInt32())
      partitions.push({ topic, partitions: numbers })
    }
    return { partitions, generationId: reader.remaining >= 4 ? reader.readInt32() : -1 }
  } catch (error) {
    if (error instanceof KafkaError) return NO_CLAIM
    throw error
  }
}

/** The user data of `cooperative-sticky`: the generation (int32). Source: Kafka's `CooperativeStickyAssignor`, user data version 0. */
export function encodeCooperativeUserData(generationId: number): Uint8Array {
  const bytes = new Uint8Array(4)
  new DataView(bytes.buffer).setInt32(0, generationId)
  return bytes
}

/**
 * The claim of a `cooperative-sticky` member: what its subscription says it owns. The generation comes from the subscription too, or,
 * below subscription version 2, from the user data. librdkafka puts the user data of `sticky` there; that is never 4 bytes long.
 */
export function cooperativeClaimOf({ ownedPartitions, generationId, userData }: AssignorMember): Claim {
  if (generationId >= 0 || userData === null) return { partitions: ownedPartitions, generationId }
  const told = userData.length === 4 ? new ByteReader(userData).readInt32() : decodeStickyUserData(userData).generationId
  return { partitions: ownedPartitions, generationId: told }
}

/** An array's length. The reader stops a length that lies at the first element that is not there. */
function readCount(reader: ByteReader): number {
  const count = reader.readInt32()
  if (count < 0) throw reader.malformed(`an array has ${count} elements`)
  return count
}
