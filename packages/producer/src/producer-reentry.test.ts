import type { Serializer } from '@logwerk/serde'
import { describe, expect, test } from 'vitest'
import { LogCluster } from './log-cluster.test-support.ts'
import type { Producer } from './producer-api.ts'

type Hook = (value: string) => void

const inPlace = (hook: Hook): Serializer<string> => ({
  serialize: value => Buffer.from(value),
  serializeInto(value, writer) {
    writer.writeUtf8(value.slice(0, 1))
    hook(value)
    writer.writeUtf8(value.slice(1))
  },
})
const apart = (hook: Hook): Serializer<string> => ({
  serialize(value) {
    hook(value)
    return Buffer.from(value)
  },
})
const later = (hook: Hook): Serializer<string> => ({
  serialize(value) {
    hook(value)
    return Promise.resolve(Buffer.from(value))
  },
})

/** Two topics that are known, and a producer that sends a record to each of them while it is asked about one whose value is `outer`. */
async function start(parts: (hook: Hook) => { key?: Serializer<string>; value?: Serializer<string>; partitioner?: () => number }) {
  const cluster = await LogCluster.start({ t: 1, audit: 1 })
  const errors: unknown[] = []
  let producer: Producer<string, string> | null = null
  const hook = (text: string) => {
    if (!text.startsWith('outer')) return
    for (const topic of ['t', 'audit'])
      producer!.enqueue({ topic, key: 'inner key', value: 'inner', headers: { from: 'inside' } }, error => errors.push(error))
  }
  producer = cluster.producer<string, string>({ key: inPlace(() => {}), value: inPlace(() => {}), ...parts(hook) })
  await cluster.simulation.runUntil(Promise.all(['t', 'audit'].map(topic => producer!.send({ topic, key: 'first', value: 'first' }))))
  return { cluster, producer, errors }
}

const outer = { key: 'outer key', value: 'outer', headers: [['from', 'outside']] }
const inner = { key: 'inner key', value: 'inner', headers: [['from', 'inside']] }

describe('what is sent by the serializers and the partitioner themselves comes behind the record that they are asked about', () => {
  test.each<[string, Parameters<typeof start>[0]]>([
    ['a key written in place', hook => ({ key: inPlace(hook) })],
    ['a key', hook => ({ key: apart(hook) })],
    ['a key that takes its time', hook => ({ key: later(hook) })],
    ['a value written in place', hook => ({ value: inPlace(hook) })],
    ['a value', hook => ({ value: apart(hook) })],
    ['a value that takes its time', hook => ({ value: later(hook) })],
    [
      'a partitioner',
      hook => {
        let count = 0
        return {
          partitioner: () => {
            if (++count === 3) hook('outer')
            return 0
          },
        }
      },
    ],
  ])('%s', async (_, parts) => {
    const { cluster, producer, errors } = await start(parts)
    producer.enqueue({ topic: 't', key: 'outer key', value: 'outer', headers: { from: 'outside' } })
    producer.enqueue({ topic: 't', key: 'next', value: 'next' })
    await cluster.simulation.runUntil(producer.flush())
    expect(cluster.partition('t').records.slice(1)).toMatchObject([outer, inner, { key: 'next', value: 'next', headers: [] }])
    expect(cluster.partition('audit').records.slice(1)).toMatchObject([inner])
    expect(errors).toEqual([null, null])
    await cluster.simulation.runUntil(producer.close())
  })

  test('a value behind a key that takes its time', async () => {
    const { cluster, producer, errors } = await start(hook => ({ key: later(() => {}), value: inPlace(hook) }))
    producer.enqueue({ topic: 't', key: 'outer key', value: 'outer', headers: { from: 'outside' } })
    await cluster.simulation.runUntil(producer.flush())
    expect(cluster.partition('t').records.slice(1)).toMatchObject([outer, inner])
    expect(cluster.partition('audit').records.slice(1)).toMatchObject([inner])
    expect(errors).toEqual([null, null])
  })

  test('also when that record fails', async () => {
    const { cluster, producer, errors } = await start(hook => ({
      value: inPlace(value => {
        hook(value)
        if (value === 'outer') throw new Error('no')
      }),
    }))
    await expect(cluster.simulation.runUntil(producer.send({ topic: 't', key: 'outer key', value: 'outer' }))).rejects.toThrow('no')
    await cluster.simulation.runUntil(producer.close())
    expect(cluster.values()).toEqual(['first', 'inner'])
    expect(cluster.values('audit')).toEqual(['first', 'inner'])
    expect(errors).toEqual([null, null])
  })
})
