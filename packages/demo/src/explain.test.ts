import { KafkaError, StorageError } from '@logwerk/runtime'
import { expect, test } from 'vitest'
import { explained } from './explain.ts'

const options = { dataDir: '.logwerk', kill: false, serve: false, port: 0 }

/** What `await using` makes of two failures. */
function suppressed(first: Error, later: Error): Error {
  return Object.assign(new Error('An error was suppressed during disposal.'), { name: 'SuppressedError', suppressed: first, error: later })
}

test('a full disk is told as that, whatever it led to; nobody is sent to remove data that is all there', () => {
  const disk = new StorageError(
    'cannot write to .logwerk/flights-0/0.log: the disk is full; free some room and try again (ENOSPC)',
    'ENOSPC',
  )
  const refused = new KafkaError('KAFKA_STORAGE_ERROR', `flights-0: ${disk.message}`)
  const late = new KafkaError('REQUEST_TIMED_OUT', 'flights-0: not delivered within 10000 ms', { cause: refused })
  const text = explained(suppressed(late, suppressed(new Error('first close'), new Error('second close'))), options)
  expect(text).toBe(
    'KAFKA_STORAGE_ERROR: flights-0: cannot write to .logwerk/flights-0/0.log: the disk is full; free some room and try again (ENOSPC)\n' +
      'Free some room and start again: it goes on where it stopped, and what was stored is still there.',
  )
})

test('the disk may also fill up under a file of the demo itself', () => {
  expect(explained(new Error('ENOSPC: no space left on device, write'), options)).toMatch(
    /^What holds \.logwerk takes no more \(ENOSPC: no space left on device, write\)\nFree some room/,
  )
})

test('an error of the surroundings says itself what to do; of others the data may be the reason', () => {
  expect(explained(new KafkaError('DIRECTORY_LOCKED', 'held by process 7'), options)).toBe('DIRECTORY_LOCKED: held by process 7')
  expect(explained(new KafkaError('CORRUPT_LOG', 'flights-0 is damaged'), options)).toBe(
    'CORRUPT_LOG: flights-0 is damaged\nTo begin anew, remove the directory .logwerk, or name another one: npm start -- --data-dir DIR',
  )
})

test('a failure on the way out does not hide why it went out', () => {
  const text = explained(suppressed(new KafkaError('CORRUPT_LOG', 'flights-0 is damaged'), new Error('close')), options)
  expect(text).toMatch(/^CORRUPT_LOG: flights-0 is damaged\n/)
})

test('what is no KafkaError comes with its stack', () => {
  expect(explained(new Error('a bug'), options)).toMatch(/^Error: a bug\n +at /)
})
