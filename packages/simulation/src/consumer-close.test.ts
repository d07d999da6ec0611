import { type Assignor, rangeAssignor } from '@logwerk/assignor'
import { beforeEach, describe, expect, test } from 'vitest'
import { balanced as balancedIn, joinGroup, type Member } from './consumer-member.test-support.ts'
import { ConsumerWorld, numbersOf, type Options, Poller, type Reader, withTimerCount } from './consumer-world.test-support.ts'

let world: ConsumerWorld
beforeEach(async () => {
  world = await ConsumerWorld.open()
  await world.topic('orders', 4)
})

const join = (machine: string, options: Options = {}) => joinGroup(world, machine, options)
const balanced = (members: readonly Member[], counts: readonly number[]) => balancedIn(world, members, counts)

describe('close', () => {
  /** What the other member holds a moment after the close, and what is left of timers. */
  async function closedAt(moment: (consumer: Reader) => Promise<void>): Promise<void> {
    const other = await join('other')
    await balanced([other], [4])
    const counted = withTimerCount(world.simulation.machine('closing').world)
    const consumer = world.consumer('closing', { world: counted.world })
    await moment(consumer)
    const before = world.nowMs
    await world.run(consumer.close())
    expect(world.nowMs - before).toBeLessThan(2000)
    await world.run(consumer.close())
    await balanced([other], [4])
    expect(world.nowMs - before).toBeLessThan(8000)
    await world.advance(3000)
    expect(counted.pending()).toBe(0)
    expect(world.simulation.network.connections().filter(({ client }) => client === 'closing')).toEqual([])
    await world.run(other.consumer.close())
    expect(other.poller.errors).toEqual([])
  }

  test('of a consumer that did nothing', async () => {
    await closedAt(async () => {})
  })

  test.each([0, 1, 2, 4, 8, 16, 32, 64, 200, 1000, 3100, 6000])('%s ms after subscribe, without ever polling', async delayMs => {
    await closedAt(async consumer => {
      await consumer.subscribe(['orders'])
      await world.advance(delayMs)
    })
  })

  test.each([0, 1, 2, 4, 8, 16, 32, 64, 200, 1000, 3001, 3010, 6000])('%s ms into a poll, which ends', async delayMs => {
    let poll: Promise<unknown> = Promise.resolve()
    await closedAt(async consumer => {
      await consumer.subscribe(['orders'])
      poll = consumer.poll({ timeoutMs: 600_000 })
      await world.advance(delayMs)
    })
    expect(await world.run(poll)).toEqual([])
  })

  test('at any moment of joining leaves nobody behind for whom the group would wait', async () => {
    for (let delayMs = 0; delayMs < 25; delayMs++) {
      const consumer = world.consumer('closing', { groupId: `g${delayMs}` })
      await consumer.subscribe(['orders'])
      await world.advance(delayMs)
      await world.run(consumer.close())
      const next = world.consumer('next', { groupId: `g${delayMs}` })
      await next.subscribe(['orders'])
      const before = world.nowMs
      await world.run(next.poll({ timeoutMs: 500 }))
      expect(numbersOf(next), `${delayMs} ms`).toHaveLength(4)
      expect(world.nowMs - before).toBeLessThan(600)
      await world.run(next.close())
    }
  })

  test('while the group waits for a slow member', async () => {
    const slow = world.consumer('slow')
    await world.produce('orders', 0, 1)
    await slow.subscribe(['orders'])
    await world.take(slow, 1)
    const counted = withTimerCount(world.simulation.machine('closing').world)
    const consumer = world.consumer('closing', { world: counted.world })
    await consumer.subscribe(['orders'])
    await world.advance(5000)
    const before = world.nowMs
    await world.run(consumer.close())
    expect(world.nowMs - before).toBeLessThan(1000)
    const polling = new Poller(slow)
    await world.advance(5000)
    expect(numbersOf(slow)).toEqual([0, 1, 2, 3])
    polling.stop()
    await world.run(slow.close())
    expect(counted.pending()).toBe(0)
  })

  test('while the leader does not assign', async () => {
    let isCut = false
    const cutOff: Assignor = {
      ...rangeAssignor,
      assign: (cluster, members) => {
        isCut = members.length > 1
        if (isCut) world.simulation.network.partition('leader', 'localhost')
        return rangeAssignor.assign(cluster, members)
      },
    }
    const leader = await join('leader', { partitionAssignmentStrategy: [cutOff] })
    await balanced([leader], [4])
    const consumer = world.consumer('closing', { partitionAssignmentStrategy: ['range'] })
    await consumer.subscribe(['orders'])
    const poll = consumer.poll({ timeoutMs: 60_000 })
    await world.until(() => isCut)
    await world.advance(1000)
    const before = world.nowMs
    await world.run(consumer.close())
    expect(world.nowMs - before).toBeLessThan(1000)
    expect(await world.run(poll)).toEqual([])
    world.simulation.network.heal()
    await balanced([leader], [4])
    await world.run(leader.consumer.close())
  })

  test('when the broker is gone ends within its timeout', async () => {
    const a = await join('a')
    await balanced([a], [4])
    world.simulation.machine('localhost').kill()
    const before = world.nowMs
    await world.run(a.consumer.close({ timeoutMs: 5000 }))
    expect(world.nowMs - before).toBeLessThan(5100)
    expect(await world.run(a.consumer.close())).toBeUndefined()
  })
})
