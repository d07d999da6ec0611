import { describe, expect, test } from 'vitest'
import { SubscriptionState } from './subscription-state.ts'

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
