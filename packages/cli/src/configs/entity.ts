import type { ConfigResource } from '@logwerk/admin'
import { oneOf, text } from '@logwerk/runtime'
import { required } from '../option.ts'

/** Which thing a command about configs means. */
export const entityOptions = {
  entityType: required(
    oneOf({ values: ['topics', 'brokers'], default: undefined, doc: 'What kind of thing has the configs.' }),
    'topics|brokers',
  ),
  entityName: required(text({ default: undefined, doc: 'The name of a topic, or the id of a broker.' }), 'NAME'),
}

/** The same in the words of the admin client. */
export function resourceOf({
  entityType,
  entityName,
}: {
  readonly entityType: 'topics' | 'brokers'
  readonly entityName: string
}): ConfigResource {
  return { type: entityType === 'topics' ? 'topic' : 'broker', name: entityName }
}
