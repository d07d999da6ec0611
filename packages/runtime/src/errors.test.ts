import { describe, expect, test, vi } from 'vitest'
import {
  brokerError,
  clientErrorCodes,
  formatPlace,
  isRetriableCode,
  KafkaError,
  messageOf,
  RecordTooLargeError,
  StorageError,
  TimeoutError,
} from './errors.ts'

/** The module once more, with class objects of its own: what a second installed copy of the package has. */
async function anotherCopy() {
  vi.resetModules()
  const copy = await import('./errors.ts')
  expect(copy.KafkaError).not.toBe(KafkaError)
  return copy
}

describe('KafkaError', () => {
  test('takes the flag from the table, unless the place of the failure decides', () => {
    expect(new KafkaError('NOT_COORDINATOR', 'm').retriable).toBe(true)
    expect(new KafkaError('CLOSED', 'm').retriable).toBe(false)
    expect(new KafkaError('CLOSED', 'm', { retriable: true }).retriable).toBe(true)
    expect(new KafkaError('NOT_COORDINATOR', 'm', { retriable: false }).retriable).toBe(false)
  })

  test('is an Error with name, message, code, place and cause', () => {
    const cause = new Error('below')
    const error = new KafkaError('NO_OFFSET', 'nothing committed', { at: { topic: 'orders' }, cause })
    expect(error).toBeInstanceOf(Error)
    expect(String(error)).toBe('KafkaError: nothing committed')
    expect(error).toMatchObject({ code: 'NO_OFFSET', at: { topic: 'orders' }, cause })
  })

  test('has a stack that begins with its class', () => {
    class Ours extends StorageError {
      protected static override readonly brand: string = 'OursError'
      override readonly name: string = 'OursError'
    }
    expect(new KafkaError('CLOSED', 'm').stack).toMatch(/^KafkaError: m\n/)
    expect(new TimeoutError('m').stack).toMatch(/^TimeoutError: m\n/)
    expect(new StorageError('m', 'EIO').stack).toMatch(/^StorageError: m\n/)
    expect(new Ours('m', 'EIO').stack).toMatch(/^OursError: m\n/)
    // An error of one class leaves the others their names.
    expect(new KafkaError('CLOSED', 'm').stack).toMatch(/^KafkaError: m\n/)
  })

  test('has an empty place and no cause where none is given', () => {
    const error = new KafkaError('CLOSED', 'm')
    expect(error.at).toEqual({})
    expect('cause' in error).toBe(false)
  })

  test('keeps what instanceof looks for out of sight', () => {
    expect(Object.keys(new KafkaError('CLOSED', 'm')).sort()).toEqual(['at', 'code', 'name', 'retriable'])
  })
})

describe('instanceof', () => {
  test('tells subclasses from each other and from their parent', () => {
    const timeout = new TimeoutError('m')
    expect(timeout instanceof TimeoutError).toBe(true)
    expect(timeout instanceof KafkaError).toBe(true)
    expect(timeout instanceof StorageError).toBe(false)
    expect(new KafkaError('REQUEST_TIMED_OUT', 'm') instanceof TimeoutError).toBe(false)
  })

  test.each([[null], [undefined], ['KafkaError'], [{}], [new Error('m')], [{ name: 'KafkaError', code: 'CLOSED' }], [() => {}]])(
    'is false for %o',
    value => {
      expect((value as unknown) instanceof KafkaError).toBe(false)
    },
  )

  test('holds across copies of the package, both ways', async () => {
    const copy = await anotherCopy()
    expect(new copy.KafkaError('CLOSED', 'm') instanceof KafkaError).toBe(true)
    expect(new KafkaError('CLOSED', 'm') instanceof copy.KafkaError).toBe(true)
    expect(copy.brokerError('NOT_COORDINATOR') instanceof KafkaError).toBe(true)
  })

  test('tells subclasses apart across copies', async () => {
    const copy = await anotherCopy()
    const theirs = new copy.StorageError('m', 'EIO')
    expect(theirs instanceof StorageError).toBe(true)
    expect(theirs instanceof KafkaError).toBe(true)
    expect(theirs instanceof TimeoutError).toBe(false)
    expect(new copy.KafkaError('STORAGE_ERROR', 'm') instanceof StorageError).toBe(false)
  })

  test('treats a subclass without a brand as an ordinary class', async () => {
    class Plain extends TimeoutError {}
    const plain = new Plain('m')
    expect(plain instanceof Plain).toBe(true)
    expect(plain instanceof TimeoutError).toBe(true)
    expect(new TimeoutError('m') instanceof Plain).toBe(false)
    const copy = await anotherCopy()
    expect(plain instanceof copy.TimeoutError).toBe(true)
    expect(plain instanceof copy.StorageError).toBe(false)
  })

  test('recognises a subclass with a brand of its own in another copy', async () => {
    const copy = await anotherCopy()
    class Ours extends KafkaError {
      protected static override readonly brand: string = 'SerdeTestError'
    }
    class Theirs extends copy.KafkaError {
      protected static override readonly brand: string = 'SerdeTestError'
    }
    expect(new Theirs('SERDE_FAILED', 'm') instanceof Ours).toBe(true)
    expect(new Ours('SERDE_FAILED', 'm') instanceof Theirs).toBe(true)
    expect(new KafkaError('SERDE_FAILED', 'm') instanceof Ours).toBe(false)
  })
})

describe('subclasses', () => {
  test('a timeout has the code of Kafka, or the one given, with the flag of that code', () => {
    expect(new TimeoutError('m')).toMatchObject({ name: 'TimeoutError', code: 'REQUEST_TIMED_OUT', retriable: true })
    expect(new TimeoutError('m', { code: 'CLOSED', at: { broker: 2 } })).toMatchObject({
      code: 'CLOSED',
      retriable: false,
      at: { broker: 2 },
    })
  })

  test('a record that is too large says by how much', () => {
    expect(new RecordTooLargeError('m', 1_200_000, 1_048_576)).toMatchObject({
      name: 'RecordTooLargeError',
      code: 'MESSAGE_TOO_LARGE',
      retriable: false,
      sizeBytes: 1_200_000,
      limitBytes: 1_048_576,
    })
  })

  test('a storage error keeps the code of the operating system', () => {
    const error = new StorageError('m', 'ENOSPC', { at: { path: 'data/orders-0' } })
    expect(error).toMatchObject({
      name: 'StorageError',
      code: 'STORAGE_ERROR',
      osCode: 'ENOSPC',
      retriable: false,
      at: { path: 'data/orders-0' },
    })
  })
})

describe('isRetriableCode', () => {
  test.each([
    ['NOT_LEADER_OR_FOLLOWER', true],
    ['TOPIC_ALREADY_EXISTS', false],
    ['BUFFER_EXHAUSTED', true],
    ['DIRECTORY_LOCKED', false],
  ] as const)('%s: %s', (code, retriable) => {
    expect(isRetriableCode(code)).toBe(retriable)
  })

  test('no code of ours hides one of Kafka', async () => {
    const { brokerErrorCodes } = await import('./error-codes.ts')
    expect(Object.keys(clientErrorCodes).filter(code => code in brokerErrorCodes)).toEqual([])
  })
})

describe('brokerError', () => {
  test('says where, what, and whether to try again', () => {
    const error = brokerError('NOT_LEADER_OR_FOLLOWER', { topic: 'orders', partition: 3, broker: 2 })
    expect(error.message).toBe('orders-3, broker 2: this broker does not lead the partition (NOT_LEADER_OR_FOLLOWER, retriable)')
    expect(error).toMatchObject({ code: 'NOT_LEADER_OR_FOLLOWER', retriable: true, at: { topic: 'orders', partition: 3, broker: 2 } })
  })

  test('does without a place', () => {
    expect(brokerError('TOPIC_ALREADY_EXISTS').message).toBe('the topic exists already (TOPIC_ALREADY_EXISTS)')
  })

  test('adds the message of the broker, where there is one', () => {
    const message = (detail: string | null) => brokerError('POLICY_VIOLATION', { topic: 'orders' }, detail).message
    expect(message('at most 12 partitions')).toBe(
      'topic orders: a policy of the cluster forbids it: at most 12 partitions (POLICY_VIOLATION)',
    )
    expect(message(null)).toBe('topic orders: a policy of the cluster forbids it (POLICY_VIOLATION)')
    expect(message('')).toBe(message(null))
  })
})

test.each([
  [{}, ''],
  [{ topic: 'orders' }, 'topic orders'],
  [{ topic: 'orders', partition: 0 }, 'orders-0'],
  [{ partition: 0 }, 'partition 0'],
  [{ broker: 'localhost:9092' }, 'broker localhost:9092'],
  [{ broker: 0, path: 'data/orders-0' }, 'broker 0, data/orders-0'],
  [{ broker: 2, groupId: 'billing', offset: 17, partition: 3, topic: 'orders' }, 'orders-3, offset 17, group billing, broker 2'],
  [{ offset: 0 }, 'offset 0'],
])('formatPlace(%o) is "%s"', (at, text) => {
  expect(formatPlace(at)).toBe(text)
})

test.each([
  [new TypeError('odd'), 'odd'],
  ['text', 'text'],
  [undefined, 'undefined'],
])('messageOf(%o) is "%s"', (thrown, text) => {
  expect(messageOf(thrown)).toBe(text)
})
