import { expect, test } from 'vitest'
import { Waiters } from './waiters.ts'

const outcomeOf = (promise: Promise<void>) =>
  promise.then(
    () => 'woken',
    error => error,
  )

test('all who wait are woken, once', async () => {
  const waiters = new Waiters()
  const both = Promise.all([waiters.wait(undefined), waiters.wait(undefined)])
  expect(waiters.isEmpty).toBe(false)
  waiters.wake()
  await both
  expect(waiters.isEmpty).toBe(true)
  const later = outcomeOf(waiters.wait(undefined))
  waiters.fail('over')
  expect(await later).toBe('over')
})

test('whoever aborts waits no longer, and the others do', async () => {
  const waiters = new Waiters()
  const abort = new AbortController()
  const aborted = outcomeOf(waiters.wait(abort.signal))
  const other = outcomeOf(waiters.wait(undefined))
  abort.abort('enough')
  expect(await aborted).toBe('enough')
  expect(await outcomeOf(waiters.wait(abort.signal))).toBe('enough')
  expect(waiters.isEmpty).toBe(false)
  waiters.wake()
  expect(await other).toBe('woken')
})
