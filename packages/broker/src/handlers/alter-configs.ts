import {
  type AlterConfigsRequest,
  type AlterConfigsResponseInput,
  alterConfigsResult,
  answerable,
  configOperations,
  configResourceTypes,
  type IncrementalAlterConfigsRequest,
  type IncrementalAlterConfigsResponseInput,
} from '@logwerk/protocol'
import { type BrokerErrorCode, groupBy, KafkaError, messageOf } from '@logwerk/runtime'
import type { BrokerState } from '../broker-state.ts'
import { loggedCodeOf } from '../failures.ts'
import { listOf, TopicConfigs, topicConfigKeys } from '../topic-config.ts'

type Configs = ReadonlyMap<string, string>
type Changes = ReadonlyMap<string, string | null>

interface Resource {
  readonly resourceType: number
  readonly resourceName: string
}

/** Replaces all configs of a topic: what is not named goes back to its default. kafkajs has only this form. */
export function handleAlterConfigs(broker: BrokerState) {
  return async (request: AlterConfigsRequest): Promise<AlterConfigsResponseInput> => ({
    responses: await alterEach(broker, request.resources, request.validateOnly, ({ configs }) => current => {
      const changes = new Map<string, string | null>([...current.keys()].map(name => [name, null]))
      for (const { name, value } of configs) {
        if (value === null) throw new KafkaError('INVALID_REQUEST', `Null value not supported for : ${name}`)
        changes.set(name, value)
      }
      return changes
    }),
  })
}

/** Changes single configs of a topic: sets, deletes, appends to a list, subtracts from one (KIP-339). */
export function handleIncrementalAlterConfigs(broker: BrokerState) {
  return async (request: IncrementalAlterConfigsRequest): Promise<IncrementalAlterConfigsResponseInput> => ({
    responses: await alterEach(broker, request.resources, request.validateOnly, ({ configs }) => current => {
      const changes = new Map<string, string | null>()
      for (const { name, configOperation, value } of configs) {
        if (changes.has(name)) throw new KafkaError('INVALID_REQUEST', `Error due to duplicate config keys: ${name}`)
        changes.set(name, changed(broker, current, name, configOperation, value))
      }
      return changes
    }),
  })
}

function changed(broker: BrokerState, current: Configs, name: string, operation: number, value: string | null): string | null {
  if (operation === configOperations.DELETE) return null
  if (value === null) throw new KafkaError('INVALID_REQUEST', `Null value not supported for : ${name}`)
  if (operation === configOperations.SET) return value
  const key = topicConfigKeys.get(name)
  // An unknown name is complained about where all values are checked.
  if (key === undefined) return value
  if (key.type !== 'LIST') throw new KafkaError('INVALID_CONFIG', `Config value append is not allowed for config key: ${name}`)
  const parts = listOf(new TopicConfigs(current, broker.topics.brokerDefaults).text(name))
  switch (operation) {
    case configOperations.APPEND:
      return [...new Set([...parts, ...listOf(value)])].join(',')
    case configOperations.SUBTRACT: {
      const removed = new Set(listOf(value))
      return parts.filter(part => !removed.has(part)).join(',')
    }
    default:
      throw new KafkaError('INVALID_REQUEST', `there is no config operation ${operation}`)
  }
}

async function alterEach<R extends Resource>(
  broker: BrokerState,
  resources: readonly R[],
  validateOnly: boolean,
  changeOf: (resource: R) => (current: Configs) => Changes,
) {
  const answers: { errorCode: ReturnType<typeof known>; errorMessage: string | null; resourceType: number; resourceName: string }[] = []
  const keyOf = ({ resourceType, resourceName }: Resource) => `${resourceType} ${resourceName}`
  const byKey = groupBy(resources, keyOf)
  for (const resource of resources) {
    const { resourceType, resourceName } = resource
    const answer = (code: BrokerErrorCode, errorMessage: string | null) =>
      answers.push({ errorCode: known(code), errorMessage, resourceType, resourceName })
    if (byKey.get(keyOf(resource))!.length > 1) {
      answer('INVALID_REQUEST', 'Each resource must appear at most once.')
    } else if (resourceType !== configResourceTypes.TOPIC) {
      answer('INVALID_REQUEST', 'only the configs of topics can be changed while the broker runs; give broker options when it starts')
    } else {
      try {
        await broker.topics.alterConfigs(resourceName, changeOf(resource), validateOnly)
        answer('NONE', null)
      } catch (error) {
        answer(loggedCodeOf(broker.world.log, error), messageOf(error))
      }
    }
  }
  return answers
}

function known(code: BrokerErrorCode) {
  return answerable(alterConfigsResult.fields.errorCode, code)
}
