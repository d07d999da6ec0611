import { ZERO_UUID } from '@logwerk/runtime'
import { describe, expect, test } from 'vitest'
import { PartitionState, SubscriptionState } from './subscription-state.ts'

const place = { topic: 'orders', partition: 3 }

describe('a partition', () => {
  test('begins without a position; a jump sets it, and makes void what was fetched', () => {
    const subscription = new SubscriptionState()
    const [state] = subscription.add([place])
    expect(state).toMatchObject({ ...place, position: null, finishedOffset: -1, paused: false })
    const round = state!.fetchRound
    state!.jumpTo(7, 2)
    expect(state).toMatchObject({
      position: { offset: 7, offsetEpoch: 2 },
      fetchOffset: 7,
      finishedOffset: 7,
      finishedEpoch: 2,
      validatedEpoch: -1,
      jumps: 1,
    })
    expect(state!.fetchRound).toBeGreaterThan(round)
  })

  test('that is fetched again keeps its position, and what the user holds of it', () => {
    const [state] = new SubscriptionState().add([place])
    state!.jumpTo(7)
    state!.fetchOffset = 20
    const { jumps, fetchRound } = state!
    state!.refetch()
    expect(state).toMatchObject({ position: { offset: 7 }, fetchOffset: 7, jumps })
    expect(state!.fetchRound).toBeGreaterThan(fetchRound)
  })

  test('that has lost its place asks for a reset, and what was finished stays finished', () => {
    const [state] = new SubscriptionState().add([place])
    state!.jumpTo(7)
    state!.requestReset()
    expect(state).toMatchObject({ position: null, needsReset: true, finishedOffset: 7, jumps: 2 })
    state!.jumpTo(0)
    expect(state!.needsReset).toBe(false)
  })
})

describe('a position', () => {
  const fetchedAhead = () => {
    const state = new PartitionState(place)
    state.jumpTo(5)
    expect(state.isGoodUnder(1)).toBe(true)
    state.fetchOffset = 9
    return state
  }

  test('whose epoch is known is to be checked under another leader; what is not known cannot be, and is fetched again', () => {
    const state = fetchedAhead()
    const { fetchRound } = state
    expect(state.isGoodUnder(1)).toBe(true)
    expect([state.fetchOffset, state.fetchRound]).toEqual([9, fetchRound])
    expect(state.isGoodUnder(2)).toBe(true)
    expect([state.fetchOffset, state.fetchRound, state.validatedEpoch]).toEqual([5, fetchRound + 1, 2])
    state.position!.offsetEpoch = 2
    expect([state.isGoodUnder(2), state.isGoodUnder(3), state.validatedEpoch]).toEqual([true, false, 2])
    // A broker that does not tell of epochs is trusted.
    expect(state.isGoodUnder(-1)).toBe(true)
  })

  test('lies in the topic that it was first fetched from; one of the same name is another', () => {
    const state = fetchedAhead()
    expect([state.isOf(ZERO_UUID), state.isOf('one'), state.isOf('one'), state.isOf(ZERO_UUID), state.isOf('other')]).toEqual([
      true,
      true,
      true,
      true,
      false,
    ])
    state.finishedOffset = 5
    state.startOver()
    expect(state).toMatchObject({ position: null, needsReset: true, finishedOffset: -1, committedOffset: -1, visibleEnd: -1 })
    state.jumpTo(0)
    expect(state.isOf('other')).toBe(true)
  })
})

describe('the subscription', () => {
  test('holds a partition once, and another one after it came back', () => {
    const subscription = new SubscriptionState()
    const [before] = subscription.add([place])
    expect(() => subscription.add([place])).toThrow('a partition is assigned once')
    expect(subscription.has(before!)).toBe(true)
    const { jumps, fetchRound } = before!
    subscription.remove([place, { topic: 'nowhere', partition: 0 }])
    expect(before!.jumps).toBeGreaterThan(jumps)
    expect(before!.fetchRound).toBeGreaterThan(fetchRound)
    const [after] = subscription.add([place])
    expect(subscription.has(before!)).toBe(false)
    expect(subscription.has(after!)).toBe(true)
    expect(subscription.get(place)).toBe(after)
  })

  test('lists plain descriptions, and empties', () => {
    const subscription = new SubscriptionState()
    subscription.add([place, { topic: 'bills', partition: 0 }])
    expect(subscription.list()).toEqual([place, { topic: 'bills', partition: 0 }])
    expect(subscription.size).toBe(2)
    subscription.clear()
    expect([...subscription.all]).toEqual([])
  })
})
