import { describe, expect, test } from 'vitest'
import { copyInto, ReadBridge } from './read-bridge.ts'

const numbers = (count: number) => Uint8Array.from({ length: count }, (_, index) => index)

/** A reader with room for `roomBytes` at a time. */
function reader(roomBytes: number) {
  const room = new Uint8Array(roomBytes)
  const seen: number[] = []
  return { seen, supply: () => room, onBytes: (count: number) => void seen.push(...room.subarray(0, count)) }
}

describe('copyInto', () => {
  test.each([1, 3, 10, 50])('gives a chunk in pieces of %d', roomBytes => {
    const { seen, supply, onBytes } = reader(roomBytes)
    copyInto(numbers(10), supply, onBytes, () => true)
    expect(seen).toEqual([...numbers(10)])
  })

  test('stops as soon as no more is wanted', () => {
    const { seen, supply, onBytes } = reader(2)
    copyInto(numbers(10), supply, onBytes, () => seen.length < 4)
    expect(seen).toEqual([0, 1, 2, 3])
  })

  test('a buffer without room is an error of the reader, not a loop without an end', () => {
    const { supply, onBytes } = reader(0)
    expect(() => copyInto(numbers(1), supply, onBytes, () => true)).toThrow('room for at least one byte')
  })
})

describe('ReadBridge', () => {
  test('the first bytes come through a buffer of its own, all others into that of the reader', () => {
    const bridge = new ReadBridge()
    const scratch = bridge.room()
    expect(scratch.length).toBeGreaterThan(1000)
    const { seen, supply, onBytes } = reader(4)
    bridge.start(supply, onBytes, () => true)
    scratch.set(numbers(10))
    expect(bridge.filled(10)).toBe(true)
    expect(seen).toEqual([...numbers(10)])
    expect(bridge.room()).toBe(supply())
    supply().fill(7)
    bridge.filled(3)
    expect(seen.slice(10)).toEqual([7, 7, 7])
  })

  test('tells Node to stop reading while it is paused', () => {
    const bridge = new ReadBridge()
    const { supply, onBytes } = reader(4)
    bridge.start(supply, onBytes, () => true)
    bridge.paused = true
    expect(bridge.filled(1)).toBe(false)
  })

  test('throws away what comes where nobody reads, and asks nobody for room after the end', () => {
    const bridge = new ReadBridge()
    const scratch = bridge.room()
    expect(bridge.filled(5)).toBe(true)
    expect(bridge.room()).toBe(scratch)
    bridge.start(
      () => {
        throw new Error('asked for room')
      },
      () => {},
      () => false,
    )
    expect(bridge.room()).toBe(scratch)
    expect(bridge.filled(5)).toBe(true)
  })
})
