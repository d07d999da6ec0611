import { KafkaError, sleep } from '@logwerk/runtime'
import type { Deserializer } from '@logwerk/serde'
import { beforeEach, describe, expect, test } from 'vitest'
import { ConsumerWorld, partitions, places, range, START_MS, take, textOf } from './consumer-world.test-support.ts'

let world: ConsumerWorld
beforeEach(async () => {
  world = await ConsumerWorld.open()
  await world.topic('orders', 2)
  await world.produce('orders', 0, 10)
})

const orders = (...numbers: number[]) => partitions('orders', ...numbers)
const alone = (options = {}) => world.consumer('reader', { groupId: null, ...options })

describe('without a committed offset reading begins', () => {
  test('at the first record: earliest', async () => {
    const consumer = alone()
    consumer.assign(orders(0))
    expect(places(await world.take(consumer, 10))).toEqual(range(0, 10))
    await world.run(consumer.close())
  })

  test('behind the last one: latest', async () => {
    const consumer = alone({ autoOffsetReset: 'latest' })
    consumer.assign(orders(0))
    expect(await world.run(consumer.position(orders(0)[0]!))).toBe(10)
    await world.produce('orders', 0, 2, 10)
    expect(places(await world.take(consumer, 1))).toEqual(range(10, 12))
    await world.run(consumer.close())
  })

  test('nowhere: none is an error, each time, until somebody seeks', async () => {
    const consumer = alone({ autoOffsetReset: 'none' })
    consumer.assign(orders(0))
    for (let time = 0; time < 2; time++) {
      const error = await world.refusal(consumer.poll({ timeoutMs: 5000 }))
      expect(error).toMatchObject({ code: 'NO_OFFSET', retriable: false, at: { topic: 'orders', partition: 0 } })
      expect(error.message).toContain('orders-0')
    }
    consumer.seek(orders(0)[0]!, 7)
    expect(places(await world.take(consumer, 3))).toEqual(range(7, 10))
    await world.run(consumer.close())
  })

  test('that long ago: by_duration; behind everything if nothing is so young', async () => {
    await world.advance(60_000)
    const now = world.simulation.machine('reader').world.clock.nowMs()
    const at = alone({ autoOffsetReset: `by_duration:PT${(now - START_MS - 4) / 1000}S` })
    at.assign(orders(0))
    // Time passes until the question is asked, so the record may be one later.
    const position = await world.run(at.position(orders(0)[0]!))
    const behind = alone({ autoOffsetReset: 'by_duration:PT1S' })
    behind.assign(orders(0))
    expect(await world.run(behind.position(orders(0)[0]!))).toBe(10)
    expect(position).toBeGreaterThanOrEqual(4)
    expect(position).toBeLessThanOrEqual(10)
    await world.run(at.close())
    await world.run(behind.close())
  })
})

describe('a committed offset', () => {
  test('wins over the policy, and a restart goes on from it', async () => {
    const first = world.consumer()
    await first.subscribe(['orders'])
    expect(await world.take(first, 10)).toHaveLength(10)
    await world.run(first.close())
    expect(await world.committed()).toEqual(['0:10', '1:0'])
    await world.produce('orders', 0, 3, 10)
    const second = world.consumer('reader', { autoOffsetReset: 'none' })
    await second.subscribe(['orders'])
    expect(places(await world.take(second, 3))).toEqual(range(10, 13))
    await world.run(second.close())
  })

  test('is used by assign with a group id too, with metadata', async () => {
    const consumer = world.consumer()
    consumer.assign(orders(0))
    await world.run(consumer.commit([{ ...orders(0)[0]!, offset: 4, metadata: 'half way' }]))
    expect(await world.run(consumer.committed(orders(0, 1)))).toMatchObject([
      { topic: 'orders', partition: 0, offset: 4, metadata: 'half way' },
    ])
    await world.run(consumer.close())
    const next = world.consumer()
    next.assign(orders(0))
    expect(places(await world.take(next, 6))).toEqual(range(4, 10))
    await world.run(next.close())
  })
})

describe('the same records in the same order come', () => {
  beforeEach(async () => {
    await world.produce('orders', 0, 1200, 10)
  })

  test('by poll, at most maxPollRecords at a time', async () => {
    const consumer = alone({ maxPollRecords: 7 })
    consumer.assign(orders(0))
    const seen: string[] = []
    while (seen.length < 1210) {
      const records = await world.run(consumer.poll({ timeoutMs: 1000 }))
      expect(records.length).toBeLessThanOrEqual(7)
      seen.push(...places(records))
    }
    expect(seen).toEqual(range(0, 1210))
    await world.run(consumer.close())
  })

  test('by poll with a timeout of 0, which leaves the rest of the process its turn', async () => {
    const consumer = alone({ maxPollRecords: 1000 })
    consumer.assign(orders(0))
    const seen: string[] = []
    await world.run(
      (async () => {
        const { clock } = world.simulation.machine('reader').world
        while (seen.length < 1210) {
          let turned = false
          clock.soon(() => {
            turned = true
          })
          const records = await consumer.poll({ timeoutMs: 0 })
          if (records.length === 0) {
            expect(turned).toBe(true)
            await sleep(clock, 1)
          }
          seen.push(...places(records))
        }
      })(),
    )
    expect(seen).toEqual(range(0, 1210))
    await world.run(consumer.close())
  })

  test('by poll, from all partitions in one list', async () => {
    await world.produce('orders', 1, 5)
    const consumer = alone({ maxPollRecords: 5000 })
    consumer.assign(orders(0, 1))
    await world.advance(2000)
    const records = await world.run(consumer.poll({ timeoutMs: 1000 }))
    expect(new Set(records.map(({ partition }) => partition))).toEqual(new Set([0, 1]))
    await world.run(consumer.close())
  })

  test('by the record iterator', async () => {
    const consumer = alone()
    consumer.assign(orders(0))
    const seen: string[] = []
    await world.run(
      (async () => {
        for await (const record of consumer) {
          seen.push(...places([record]))
          if (seen.length === 1210) break
        }
      })(),
    )
    expect(seen).toEqual(range(0, 1210))
    await world.run(consumer.close())
  })

  test('by batches', async () => {
    const consumer = alone({ maxPollRecords: 100 })
    consumer.assign(orders(0))
    const seen: string[] = []
    await world.run(
      (async () => {
        for await (const batch of consumer.batches()) {
          expect(batch.records.length).toBeGreaterThan(0)
          expect(batch.records.length).toBeLessThanOrEqual(100)
          expect(batch).toMatchObject({ topic: 'orders', partition: 0, highWatermark: 1210 })
          seen.push(...places(batch.records))
          if (seen.length === 1210) break
        }
      })(),
    )
    expect(seen).toEqual(range(0, 1210))
    await world.run(consumer.close())
  })
})

describe('pause', () => {
  test('in the middle of a loop holds a partition back, resume lets it go on where it was', async () => {
    await world.produce('orders', 1, 10)
    const consumer = alone()
    consumer.assign(orders(0, 1))
    const seen: string[] = []
    await world.run(
      (async () => {
        for await (const record of consumer) {
          seen.push(...places([record]))
          if (record.partition === 0 && record.offset === 3) consumer.pause(orders(0))
          if (record.partition === 1 && record.offset === 9) break
        }
      })(),
    )
    expect(seen.filter(place => place.startsWith('0:')).length).toBeOneOf([0, 4])
    expect(consumer.paused()).toEqual(seen.some(place => place.startsWith('0:')) ? orders(0) : [])
    consumer.resume(orders(0))
    seen.push(...places(await world.take(consumer, 20 - seen.length)))
    expect(seen.filter(place => place.startsWith('0:'))).toEqual(range(0, 10))
    expect(seen.filter(place => place.startsWith('1:'))).toEqual(range(0, 10, 1))
    await world.run(consumer.close())
  })

  test('of everything: poll comes back empty in time, and what arrives meanwhile comes after resume', async () => {
    const consumer = alone()
    consumer.assign(orders(0))
    await world.run(consumer.position(orders(0)[0]!))
    consumer.pause(orders(0))
    const before = world.nowMs
    expect(await world.run(consumer.poll({ timeoutMs: 3000 }))).toEqual([])
    expect(world.nowMs - before).toBeLessThan(3100)
    const waiting = consumer.poll({ timeoutMs: 60_000 })
    await world.advance(1000)
    consumer.resume(orders(0))
    expect(places(await world.run(waiting))).toEqual(range(0, 10))
    await world.run(consumer.close())
  })

  test('of partitions whose records fill the buffer does not starve the others', async () => {
    const consumer = alone({ maxBufferedBytes: 100 })
    consumer.assign(orders(0))
    await world.run(consumer.position(orders(0)[0]!))
    await world.advance(1000)
    consumer.pause(orders(0))
    await world.produce('orders', 1, 3)
    consumer.assign(orders(0, 1))
    expect(places(await world.take(consumer, 3))).toEqual(range(0, 3, 1))
    consumer.resume(orders(0))
    expect(places(await world.take(consumer, 10))).toEqual(range(0, 10))
    await world.run(consumer.close())
  })
})

describe('places', () => {
  test('seek in the middle of a loop, forth and back', async () => {
    const consumer = alone()
    consumer.assign(orders(0))
    const seen: number[] = []
    await world.run(
      (async () => {
        for await (const record of consumer) {
          seen.push(record.offset)
          if (seen.length === 2) consumer.seek(record, 8)
          if (seen.length === 4) consumer.seek(record, 0)
          if (seen.length === 6) break
        }
      })(),
    )
    expect(seen).toEqual([0, 1, 8, 9, 0, 1])
    await world.run(consumer.close())
  })

  test('seek, seekToBeginning, seekToEnd, position and currentLag agree', async () => {
    const consumer = alone()
    consumer.assign(orders(0))
    const [place] = orders(0)
    expect(consumer.currentLag(place!)).toBeNull()
    await world.take(consumer, 10)
    expect(consumer.currentLag(place!)).toBe(0)
    consumer.seek(place!, 4)
    expect(await world.run(consumer.position(place!))).toBe(4)
    expect(consumer.currentLag(place!)).toBe(6)
    await world.run(consumer.seekToEnd())
    expect(await world.run(consumer.position(place!))).toBe(10)
    await world.run(consumer.seekToBeginning(orders(0)))
    expect(places(await world.take(consumer, 10))).toEqual(range(0, 10))
    expect(() => consumer.seek(orders(1)[0]!, 0)).toThrow(expect.objectContaining({ code: 'ILLEGAL_STATE' }))
    expect(() => consumer.seek(place!, -1)).toThrow(TypeError)
    expect(() => consumer.seek(place!, 1.5)).toThrow(TypeError)
    await world.run(consumer.close())
  })

  test('offsetsForTimes, beginningOffsets and endOffsets need no assignment', async () => {
    const consumer = alone()
    expect(
      await world.run(
        consumer.offsetsForTimes([
          { topic: 'orders', partition: 0, timestamp: START_MS + 4 },
          { topic: 'orders', partition: 1, timestamp: 0 },
        ]),
      ),
    ).toMatchObject([{ topic: 'orders', partition: 0, offset: 4, timestamp: START_MS + 4 }])
    await world.run(world.admin.deleteRecords([{ topic: 'orders', partition: 0, beforeOffset: 3 }]))
    const offsets = (found: readonly { offset: number }[]) => found.map(({ offset }) => offset)
    expect(offsets(await world.run(consumer.beginningOffsets(orders(0, 1))))).toEqual([3, 0])
    expect(offsets(await world.run(consumer.endOffsets(orders(0, 1))))).toEqual([10, 0])
    expect(await world.refusal(consumer.endOffsets(orders(7)))).toMatchObject({ code: 'UNKNOWN_TOPIC_OR_PARTITION', at: { partition: 7 } })
    await world.run(consumer.close())
  })

  test('below what deleteRecords has left: the policy says where to go on', async () => {
    const earliest = alone()
    earliest.assign(orders(0))
    await world.run(earliest.position(orders(0)[0]!))
    await world.run(world.admin.deleteRecords([{ topic: 'orders', partition: 0, beforeOffset: 6 }]))
    earliest.seek(orders(0)[0]!, 2)
    expect(places(await world.take(earliest, 4))).toEqual(range(6, 10))
    const none = alone({ autoOffsetReset: 'none' })
    none.assign(orders(0))
    none.seek(orders(0)[0]!, 2)
    expect((await world.refusal(none.poll({ timeoutMs: 5000 }))).code).toBe('NO_OFFSET')
    await world.run(earliest.close())
    await world.run(none.close())
  })
})

describe('records', () => {
  test('kept after the loop stay as they were, and a copy has bytes of its own', async () => {
    const consumer = alone()
    consumer.assign(orders(0))
    const kept = await world.take(consumer, 10)
    const copy = kept[3]!.copy()
    await world.produce('orders', 0, 500, 10)
    await world.take(consumer, 500)
    await world.run(consumer.close())
    expect(kept.map(textOf)).toEqual(Array.from({ length: 10 }, (_, index) => `${index}`))
    expect(textOf(copy)).toBe('3')
    expect(copy).toMatchObject({ topic: 'orders', partition: 0, offset: 3, timestamp: START_MS + 3, timestampType: 'CreateTime' })
    expect(copy.valueBytes!.buffer).not.toBe(kept[3]!.valueBytes!.buffer)
  })

  test('whose value does not fit: a SerdeError where it is asked for, with the bytes at hand; the others go on', async () => {
    const picky: Deserializer<number> = {
      deserialize: data => {
        const value = Number(Buffer.from(data).toString())
        if (value === 4) throw new Error('not a 4')
        return value
      },
    }
    const consumer = alone({ value: picky })
    consumer.assign(orders(0))
    const records = await world.take(consumer, 10)
    expect(records.map(record => (record.offset === 4 ? null : record.value))).toEqual([0, 1, 2, 3, null, 5, 6, 7, 8, 9])
    for (let time = 0; time < 2; time++) {
      expect(() => records[4]!.value).toThrow(
        expect.objectContaining({ name: 'SerdeError', at: { topic: 'orders', partition: 0, offset: 4 } }),
      )
    }
    expect(Buffer.from(records[4]!.valueBytes!).toString()).toBe('4')
    await world.run(consumer.close())
  })

  test.each(['poll', 'iterator', 'batches'] as const)(
    'of an asynchronous deserializer are ready when they are handed over: %s',
    async how => {
      const slow: Deserializer<string> = {
        isAsync: true,
        deserialize: async data => {
          await new Promise<void>(resolve => world.simulation.machine('reader').world.clock.setTimer(5, resolve))
          if (Buffer.from(data).toString() === '2') throw new Error('not a 2')
          return `<${Buffer.from(data)}>`
        },
      }
      const consumer = alone({ value: slow })
      consumer.assign(orders(0))
      const records = await world.run(
        (async () => {
          if (how === 'poll') return await take(consumer, 10)
          const all = []
          if (how === 'iterator') {
            for await (const record of consumer) if (all.push(record) === 10) break
          } else {
            for await (const batch of consumer.batches()) if (all.push(...batch.records) === 10) break
          }
          return all
        })(),
      )
      expect(() => records[2]!.value).toThrow('not a 2')
      expect(records.filter(({ offset }) => offset !== 2).map(record => record.value as unknown)).toEqual(
        [0, 1, 3, 4, 5, 6, 7, 8, 9].map(value => `<${value}>`),
      )
      await world.run(consumer.close())
    },
  )
})

describe('an AbortSignal', () => {
  const reason = new Error('enough')

  test('ends a poll and a batch loop with its reason, and the consumer goes on', async () => {
    const consumer = alone()
    consumer.assign(orders(1))
    for (const wait of [
      (signal: AbortSignal): Promise<unknown> => consumer.poll({ timeoutMs: 60_000, signal }),
      (signal: AbortSignal): Promise<unknown> => consumer.batches({ signal }).next(),
      (signal: AbortSignal): Promise<unknown> => consumer.records({ signal }).next(),
    ]) {
      const abort = new AbortController()
      const waiting = wait(abort.signal)
      waiting.catch(() => {})
      await world.advance(2000)
      abort.abort(reason)
      await expect(world.run(waiting)).rejects.toBe(reason)
      await expect(world.run(wait(abort.signal))).rejects.toBe(reason)
    }
    await world.produce('orders', 1, 1)
    expect(places(await world.take(consumer, 1))).toEqual(['1:0'])
    await world.run(consumer.close())
  })

  test('ends a record loop that has records still, and what its body has ended with counts', async () => {
    const consumer = world.consumer()
    consumer.assign(orders(0))
    const abort = new AbortController()
    const seen: number[] = []
    const loop = (async () => {
      for await (const { offset } of consumer.records({ signal: abort.signal })) {
        seen.push(offset)
        if (offset === 3) abort.abort(reason)
      }
    })()
    await expect(world.run(loop)).rejects.toBe(reason)
    expect(seen).toEqual([0, 1, 2, 3])
    await world.run(consumer.close())
    expect(await world.committed()).toEqual(['0:4'])
  })

  test('ends every other call that waits', async () => {
    const consumer = world.consumer()
    consumer.assign(orders(0))
    await world.take(consumer, 10)
    world.simulation.machine('localhost').kill()
    const [place] = orders(0)
    for (const wait of [
      (options: { signal: AbortSignal }): Promise<unknown> => consumer.commit([{ ...place!, offset: 1 }], options),
      (options: { signal: AbortSignal }) => consumer.committed(orders(0), options),
      (options: { signal: AbortSignal }) => consumer.endOffsets(orders(0), options),
      (options: { signal: AbortSignal }) => consumer.beginningOffsets(orders(0), options),
      (options: { signal: AbortSignal }) => consumer.offsetsForTimes([{ ...place!, timestamp: 1 }], options),
      (options: { signal: AbortSignal }) => consumer.seekToEnd(orders(0), options),
    ]) {
      const abort = new AbortController()
      const waiting = wait({ signal: abort.signal })
      waiting.catch(() => {})
      await world.advance(3000)
      abort.abort(reason)
      await expect(world.run(waiting)).rejects.toBe(reason)
    }
    await world.run(consumer.close())
  })
})

describe('wrong use', () => {
  test('is told', async () => {
    const consumer = alone()
    await expect(consumer.subscribe(['orders'])).rejects.toMatchObject({ code: 'ILLEGAL_STATE' })
    await expect(consumer.commit()).rejects.toMatchObject({ code: 'ILLEGAL_STATE' })
    await expect(consumer.committed(orders(0))).rejects.toMatchObject({ code: 'ILLEGAL_STATE' })
    expect(() => consumer.pause(orders(0))).toThrow('orders-0 is not assigned')
    consumer.assign(orders(1))
    const waiting = consumer.poll({ timeoutMs: 5000 })
    await expect(world.run(consumer.poll({ timeoutMs: 1 }))).rejects.toMatchObject({ code: 'ILLEGAL_STATE' })
    await world.run(waiting)
    await world.run(consumer.close())
    await expect(consumer.poll({ timeoutMs: 1 })).rejects.toBeInstanceOf(KafkaError)
    const member = world.consumer()
    await member.subscribe(['orders'])
    expect(() => member.assign(orders(0))).toThrow('unsubscribe first')
    await world.run(member.close())
  })

  test('an address where something else listens is named', async () => {
    const machine = world.simulation.machine('web')
    await world.run(
      machine.world.network.listen({ host: 'web', port: 80 }, connection => {
        const room = new Uint8Array(1000)
        connection.onData(
          () => room,
          () => connection.write([Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n')]),
        )
      }),
    )
    for (const groupId of [null, 'g']) {
      const lost = world.consumer('reader', { bootstrapServers: ['web:80'], groupId })
      if (groupId === null) lost.assign(orders(0))
      else await lost.subscribe(['orders'])
      const error = await world.refusal(lost.poll({ timeoutMs: 60_000 }))
      expect(error.code).toBe('NOT_KAFKA')
      expect(error.message).toContain('web:80')
      await world.run(lost.close())
    }
  })

  test('an unknown topic and an address where nobody listens are named', async () => {
    const consumer = alone({ allowAutoCreateTopics: false, defaultApiTimeoutMs: 5000 })
    consumer.assign(partitions('nowhere', 0))
    const error = await world.refusal(consumer.poll({ timeoutMs: 60_000 }))
    expect(error).toMatchObject({ code: 'UNKNOWN_TOPIC_OR_PARTITION' })
    expect(error.message).toContain('nowhere')
    await world.run(consumer.close())
    for (const groupId of [null, 'g']) {
      const lost = world.consumer('reader', { bootstrapServers: ['localhost:1'], groupId, defaultApiTimeoutMs: 5000 })
      if (groupId === null) lost.assign(orders(0))
      else await lost.subscribe(['orders'])
      const unreachable = await world.refusal(lost.poll({ timeoutMs: 60_000 }))
      expect(unreachable.message).toContain('localhost:1')
      await world.run(lost.close())
    }
  })
})
