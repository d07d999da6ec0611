import { answerable, type DeleteTopicsRequest, type DeleteTopicsResponseInput, deletableTopicResult } from '@logwerk/protocol'
import { type BrokerErrorCode, groupBy, messageOf, type Uuid, ZERO_UUID } from '@logwerk/runtime'
import type { BrokerState } from '../broker-state.ts'
import { loggedCodeOf } from '../failures.ts'
import { brokerCodeOf } from '../partition.ts'
import type { RequestContext } from '../router.ts'

/** Deletes topics by name or, from version 6 on, by id. Their files go in the background. */
export function handleDeleteTopics(broker: BrokerState) {
  return async (request: DeleteTopicsRequest, { version }: RequestContext): Promise<DeleteTopicsResponseInput> => {
    const asked: readonly Asked[] = version >= 6 ? request.topics : request.topicNames.map(name => ({ name, topicId: ZERO_UUID }))
    const responses: Awaited<ReturnType<typeof deleteOne>>[] = []
    // What is asked for twice is refused once (measured on 4.4.0).
    const byKey = groupBy(asked, ({ name, topicId }) => (name === null ? `The id ${topicId}` : `The name ${name}`))
    for (const [key, topics] of byKey) {
      const { name, topicId } = topics[0]!
      const complaint =
        topics.length > 1
          ? `${key} was given twice.`
          : name === null && topicId === ZERO_UUID
            ? 'Neither a name nor an id was given.'
            : null
      responses.push(
        complaint === null ? await deleteOne(broker, name, topicId, version) : answer(version, 'INVALID_REQUEST', name, topicId, complaint),
      )
    }
    return { responses }
  }
}

interface Asked {
  readonly name: string | null
  readonly topicId: Uuid
}

function answer(version: number, code: BrokerErrorCode, name: string | null, topicId: Uuid, message: string | null) {
  return {
    name,
    topicId,
    errorCode: answerable(deletableTopicResult.fields.errorCode, code),
    ...(version >= 5 ? { errorMessage: message } : {}),
  }
}

async function deleteOne(broker: BrokerState, name: string | null, topicId: Uuid, version: number) {
  if (name !== null && topicId !== ZERO_UUID) return answer(version, 'INVALID_REQUEST', name, topicId, 'Give a name or an id, not both.')
  const unknown =
    name === null
      ? answer(version, 'UNKNOWN_TOPIC_ID', null, topicId, 'This server does not host this topic ID.')
      : answer(version, 'UNKNOWN_TOPIC_OR_PARTITION', name, ZERO_UUID, 'This server does not host this topic-partition.')
  const topic = name === null ? broker.topics.getById(topicId) : broker.topics.get(name)
  if (topic === undefined) return unknown
  try {
    await broker.deleteTopic(topic)
    return answer(version, 'NONE', topic.name, topic.id, null)
  } catch (error) {
    // Somebody else was faster.
    if (brokerCodeOf(error) === 'UNKNOWN_TOPIC_OR_PARTITION') return unknown
    return answer(version, loggedCodeOf(broker.world.log, error), topic.name, topic.id, messageOf(error))
  }
}
