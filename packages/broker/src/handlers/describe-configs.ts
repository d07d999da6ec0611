import {
  configResourceTypes,
  configSources,
  type DescribeConfigsRequest,
  type DescribeConfigsResource,
  type DescribeConfigsResponseInput,
  type DescribeConfigsResultInput,
  type DescribedConfigInput,
} from '@logwerk/protocol'
import { brokerProperties } from '../broker-properties.ts'
import type { BrokerState } from '../broker-state.ts'
import { configTypeId, topicConfigKeys } from '../topic-config.ts'
import { topicNameComplaint } from '../topic-name.ts'

interface Wishes {
  readonly includeSynonyms: boolean
  readonly includeDocumentation: boolean
}

/** Lists the configs of topics and of the broker, with where each value comes from. */
export function handleDescribeConfigs(broker: BrokerState) {
  return (request: DescribeConfigsRequest): DescribeConfigsResponseInput => ({
    results: request.resources.map(resource => describe(broker, resource, request)),
  })
}

function describe(broker: BrokerState, resource: DescribeConfigsResource, wishes: Wishes): DescribeConfigsResultInput {
  const { resourceType, resourceName, configurationKeys } = resource
  const wanted = (name: string) => configurationKeys === null || configurationKeys.length === 0 || configurationKeys.includes(name)
  switch (resourceType) {
    case configResourceTypes.TOPIC: {
      const complaint = topicNameComplaint(resourceName)
      if (complaint !== null) return failure(resource, 'INVALID_TOPIC_EXCEPTION', complaint)
      if (broker.topics.get(resourceName) === undefined)
        return failure(resource, 'UNKNOWN_TOPIC_OR_PARTITION', `there is no topic ${resourceName}`)
      return success(resource, describeTopic(broker, resourceName, wanted, wishes))
    }
    case configResourceTypes.BROKER:
      // The empty name stands for the defaults of the cluster, which has none set.
      if (resourceName !== '' && resourceName !== String(broker.nodeId)) {
        return failure(
          resource,
          'INVALID_REQUEST',
          `Unexpected broker id, expected ${broker.nodeId} or empty string, but received ${resourceName}`,
        )
      }
      return success(resource, resourceName === '' ? [] : describeBroker(broker, wanted, wishes))
    default:
      return failure(resource, 'INVALID_REQUEST', `configs of resource type ${resourceType} are not kept here`)
  }
}

function describeTopic(broker: BrokerState, topic: string, wanted: (name: string) => boolean, wishes: Wishes): DescribedConfigInput[] {
  const own = broker.topics.get(topic)!.configs
  const { brokerDefaults } = broker.topics
  const described: DescribedConfigInput[] = []
  for (const key of topicConfigKeys.values()) {
    if (!wanted(key.name)) continue
    const synonyms = []
    const ownValue = own.get(key.name)
    const brokerValue = brokerDefaults.get(key.name)
    if (ownValue !== undefined) synonyms.push({ name: key.name, value: ownValue, source: configSources.TOPIC })
    if (key.synonym !== undefined) {
      if (brokerValue !== undefined) synonyms.push({ name: key.synonym, value: brokerValue, source: configSources.STATIC_BROKER })
      synonyms.push({ name: key.synonym, value: key.default, source: configSources.DEFAULT })
    }
    described.push({
      name: key.name,
      value: ownValue ?? brokerValue ?? key.default,
      readOnly: false,
      configSource:
        ownValue !== undefined ? configSources.TOPIC : brokerValue !== undefined ? configSources.STATIC_BROKER : configSources.DEFAULT,
      isSensitive: false,
      synonyms: wishes.includeSynonyms ? synonyms : [],
      configType: configTypeId(key),
      documentation: wishes.includeDocumentation ? key.doc : null,
    })
  }
  return described
}

function describeBroker(broker: BrokerState, wanted: (name: string) => boolean, wishes: Wishes): DescribedConfigInput[] {
  return brokerProperties(broker.config)
    .filter(({ name }) => wanted(name))
    .map(({ name, value, isDefault, typeId, doc }) => {
      const configSource = isDefault ? configSources.DEFAULT : configSources.STATIC_BROKER
      return {
        name,
        value,
        readOnly: true,
        configSource,
        isSensitive: false,
        synonyms: wishes.includeSynonyms ? [{ name, value, source: configSource }] : [],
        configType: typeId,
        documentation: wishes.includeDocumentation ? doc : null,
      }
    })
}

function success({ resourceType, resourceName }: DescribeConfigsResource, configs: DescribedConfigInput[]): DescribeConfigsResultInput {
  return { errorCode: 'NONE', errorMessage: '', resourceType, resourceName, configs }
}

function failure(
  { resourceType, resourceName }: DescribeConfigsResource,
  errorCode: DescribeConfigsResultInput['errorCode'],
  errorMessage: string,
): DescribeConfigsResultInput {
  return { errorCode, errorMessage, resourceType, resourceName, configs: [] }
}
