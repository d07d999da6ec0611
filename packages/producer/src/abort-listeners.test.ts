import { expect, test, vi } from 'vitest'
import { AbortListeners } from './abort-listeners.ts'

test('many listeners are one to the signal, and none is left when all are gone', () => {
  const { signal } = new AbortController()
  const added = vi.spyOn(signal, 'addEventListener')
  const removed = vi.spyOn(signal, 'removeEventListener')
  const listeners = new AbortListeners()
  const many = Array.from({ length: 1000 }, () => () => {})
  for (const one of many) listeners.add(signal, one)
  for (const one of many) listeners.remove(signal, one)
  listeners.remove(signal, many[0]!)
  expect([added.mock.calls.length, removed.mock.calls.length]).toEqual([1, 1])
  listeners.add(signal, many[0]!)
  expect(added).toHaveBeenCalledTimes(2)
})

test('an abort is heard once by each that is there, and not by those that were removed', () => {
  const aborting = new AbortController()
  const other = new AbortController()
  const listeners = new AbortListeners()
  const heard: string[] = []
  const gone = () => heard.push('gone')
  listeners.add(aborting.signal, () => heard.push('a'))
  listeners.add(aborting.signal, gone)
  listeners.add(aborting.signal, () => heard.push('b'))
  listeners.add(other.signal, () => heard.push('other'))
  listeners.remove(aborting.signal, gone)
  aborting.abort()
  expect(heard).toEqual(['a', 'b'])
  listeners.remove(aborting.signal, gone)
})
