import type { CommandTree } from './command.ts'

/** Everything that `logwerk` can do. */
export const commands: CommandTree = {
  summary: 'Kafka for TypeScript: a broker on this machine, and commands for any Kafka cluster.',
  commands: {
    broker: {
      summary: 'run a Kafka broker on this machine',
      load: async () => (await import('./broker/broker-command.ts')).brokerCommand,
    },
    topics: {
      summary: 'list, describe, create, delete and grow topics',
      commands: {
        list: { summary: 'the topics there are', load: async () => (await import('./topics/list.ts')).listTopics },
        describe: {
          summary: 'partitions, leaders, offsets and configs',
          load: async () => (await import('./topics/describe.ts')).describeTopics,
        },
        create: { summary: 'create a topic', load: async () => (await import('./topics/create.ts')).createTopic },
        delete: { summary: 'delete topics with their records', load: async () => (await import('./topics/delete.ts')).deleteTopics },
        'add-partitions': {
          summary: 'give a topic more partitions (keys move)',
          load: async () => (await import('./topics/add-partitions.ts')).addPartitions,
        },
      },
    },
    produce: {
      summary: 'write records, one a line',
      load: async () => (await import('./produce/produce-command.ts')).produceCommand,
    },
    consume: {
      summary: 'read records and print them',
      load: async () => (await import('./consume/consume-command.ts')).consumeCommand,
    },
    groups: {
      summary: 'list, describe, delete and rewind consumer groups',
      commands: {
        list: { summary: 'the groups there are', load: async () => (await import('./groups/list.ts')).listGroups },
        describe: { summary: 'members, offsets and lag', load: async () => (await import('./groups/describe.ts')).describeGroups },
        delete: { summary: 'delete groups with their offsets', load: async () => (await import('./groups/delete.ts')).deleteGroups },
        'reset-offsets': {
          summary: 'move a group to other offsets',
          load: async () => (await import('./groups/reset-offsets.ts')).resetOffsets,
        },
      },
    },
    configs: {
      summary: 'see and change the configs of topics and brokers',
      commands: {
        describe: {
          summary: 'configs and where they come from',
          load: async () => (await import('./configs/describe.ts')).describeConfigs,
        },
        alter: { summary: 'set configs, or put them back', load: async () => (await import('./configs/alter.ts')).alterConfigs },
      },
    },
  },
}
