import { KafkaError } from '@logwerk/runtime'
import { describe, expect, test } from 'vitest'
import { ProducerState } from './producer-state.ts'

const MAX_SEQUENCE = 0x7fff_ffff
const place = { topic: 'orders', partition: 3 }

/** Sends batches of ten records; answers the offset where one lies, or the code with which it is refused. */
class Sender {
  readonly state: ProducerState
  nextOffset = 0

  constructor(state = new ProducerState(100)) {
    this.state = state
  }

  send(firstSequence: number, { epoch = 0, id = 7, recordCount = 10, nowMs = 0 } = {}): number | string {
    const last = firstSequence + recordCount - 1
    const lastSequence = last > MAX_SEQUENCE ? last - MAX_SEQUENCE - 1 : last
    const batch = { producerId: id, producerEpoch: epoch, firstSequence, lastSequence }
    try {
      const known = this.state.check(batch, place)
      if (known !== null) return known.lastOffset - known.offsetDelta
    } catch (error) {
      return error instanceof KafkaError ? error.code : String(error)
    }
    const baseOffset = this.nextOffset
    this.nextOffset += recordCount
    this.state.update({ ...batch, lastOffset: this.nextOffset - 1, offsetDelta: recordCount - 1, timestamp: 1000 }, nowMs)
    return baseOffset
  }
}

describe('the rules of KIP-98, as measured on Kafka 4.4.0', () => {
  test('sequences that follow each other are appended', () => {
    const sender = new Sender()
    expect([0, 10, 20].map(sequence => sender.send(sequence))).toEqual([0, 10, 20])
  })

  test('a duplicate of any of the last five batches -> its original offset', () => {
    const sender = new Sender()
    for (let sequence = 0; sequence < 70; sequence += 10) sender.send(sequence)
    expect([20, 30, 40, 50, 60].map(sequence => sender.send(sequence))).toEqual([20, 30, 40, 50, 60])
    expect(sender.nextOffset).toBe(70)
  })

  test('a duplicate of the sixth oldest batch -> OUT_OF_ORDER_SEQUENCE_NUMBER, not DUPLICATE_SEQUENCE_NUMBER', () => {
    const sender = new Sender()
    for (let sequence = 0; sequence < 60; sequence += 10) sender.send(sequence)
    expect(sender.send(0)).toBe('OUT_OF_ORDER_SEQUENCE_NUMBER')
    expect(sender.send(10)).toBe(10)
  })

  test('a gap -> OUT_OF_ORDER_SEQUENCE_NUMBER that names what comes next', () => {
    const sender = new Sender()
    sender.send(0)
    expect(sender.send(11)).toBe('OUT_OF_ORDER_SEQUENCE_NUMBER')
    const batch = { producerId: 7, producerEpoch: 0, firstSequence: 11, lastSequence: 20 }
    expect(() => sender.state.check(batch, place)).toThrow(/orders-3: .*producer 7 sent sequence 11 where 10 comes next/)
    expect(sender.send(10)).toBe(10)
  })

  test('a batch that overlaps known ones without being one of them -> OUT_OF_ORDER_SEQUENCE_NUMBER', () => {
    const sender = new Sender()
    sender.send(0)
    expect(sender.send(0, { recordCount: 5 })).toBe('OUT_OF_ORDER_SEQUENCE_NUMBER')
    expect(sender.send(5)).toBe('OUT_OF_ORDER_SEQUENCE_NUMBER')
  })

  test('a new epoch begins at sequence 0', () => {
    const sender = new Sender()
    sender.send(0)
    expect(sender.send(0, { epoch: 1 })).toBe(10)
    expect(sender.send(10, { epoch: 1 })).toBe(20)
  })

  test('a new epoch that does not begin at 0 -> OUT_OF_ORDER_SEQUENCE_NUMBER', () => {
    const sender = new Sender()
    sender.send(0)
    expect(sender.send(10, { epoch: 1 })).toBe('OUT_OF_ORDER_SEQUENCE_NUMBER')
    expect(sender.send(10)).toBe(10)
  })

  test('an older epoch -> INVALID_PRODUCER_EPOCH, also for a duplicate', () => {
    const sender = new Sender()
    sender.send(0)
    sender.send(0, { epoch: 2 })
    expect(sender.send(10, { epoch: 0 })).toBe('INVALID_PRODUCER_EPOCH')
    expect(sender.send(0, { epoch: 1 })).toBe('INVALID_PRODUCER_EPOCH')
  })

  test('a producer unknown to the partition may begin at any sequence', () => {
    const sender = new Sender()
    expect(sender.send(12_345, { epoch: 4 })).toBe(0)
    expect(sender.send(12_355, { epoch: 4 })).toBe(10)
  })

  test('the sequence wraps from 2^31 - 1 to 0', () => {
    const sender = new Sender()
    expect(sender.send(MAX_SEQUENCE - 9)).toBe(0)
    expect(sender.send(0)).toBe(10)
    expect(sender.send(0)).toBe(10)
    expect(sender.send(MAX_SEQUENCE - 9)).toBe(0)
  })

  test('the sequence wraps in the middle of a batch', () => {
    const sender = new Sender()
    expect(sender.send(MAX_SEQUENCE - 3)).toBe(0)
    expect(sender.send(6)).toBe(10)
    expect(sender.send(MAX_SEQUENCE - 3)).toBe(0)
    expect(sender.send(5)).toBe('OUT_OF_ORDER_SEQUENCE_NUMBER')
  })

  test('producers do not disturb each other', () => {
    const sender = new Sender()
    sender.send(0, { id: 1 })
    sender.send(0, { id: 2 })
    expect([sender.send(10, { id: 1 }), sender.send(0, { id: 2 }), sender.send(20, { id: 2 })]).toEqual([
      20,
      10,
      'OUT_OF_ORDER_SEQUENCE_NUMBER',
    ])
  })
})

describe('memory', () => {
  test('the producer that wrote least recently is forgotten beyond the limit', () => {
    const sender = new Sender(new ProducerState(3))
    for (const id of [1, 2, 3]) sender.send(0, { id })
    sender.send(10, { id: 1 })
    sender.send(0, { id: 4 })
    expect(sender.state.producerCount).toBe(3)
    // 2 is forgotten, so it may begin anywhere; 1 is not.
    expect(sender.send(77, { id: 1 })).toBe('OUT_OF_ORDER_SEQUENCE_NUMBER')
    expect(sender.send(77, { id: 2 })).toBeTypeOf('number')
  })

  test('a snapshot from before the limit was lowered is cut to it', () => {
    const sender = new Sender()
    for (const id of [1, 2, 3, 4]) sender.send(0, { id })
    const state = new ProducerState(2)
    state.loadSnapshot(sender.state.encodeSnapshot(), '/s', 0)
    expect(state.producerCount).toBe(2)
    expect(new Sender(state).send(77, { id: 4 })).toBe('OUT_OF_ORDER_SEQUENCE_NUMBER')
  })

  test('producers that have not written for long expire', () => {
    const sender = new Sender()
    sender.send(0, { id: 1, nowMs: 1000 })
    sender.send(0, { id: 2, nowMs: 1000 })
    sender.send(10, { id: 2, nowMs: 2000 })
    sender.state.expireBefore(2000)
    expect(sender.state.producerCount).toBe(1)
    expect(sender.send(77, { id: 1 })).toBe(30)
    expect(sender.send(77, { id: 2 })).toBe('OUT_OF_ORDER_SEQUENCE_NUMBER')
  })
})

describe('snapshot', () => {
  test('has the bytes of the layout that Kafka reads: header of 10, entries of 46', () => {
    const state = new ProducerState(10)
    for (const sequence of [5, 8]) {
      const lastOffset = 0x1_0000_0000 + sequence
      const batch = { producerId: 0x0102_0304_0506, producerEpoch: 3, firstSequence: sequence, lastSequence: sequence + 2, lastOffset }
      state.update({ ...batch, offsetDelta: 2, timestamp: 0x0198_0000_0001 }, 0)
    }
    const bytes = [
      '0001', // version
      'b7652195', // CRC-32C of what follows
      '00000001', // entries
      '0000010203040506', // producer id
      '0003', // epoch
      '0000000a', // last sequence
      '0000000100000008', // last offset
      '00000002', // offset delta
      '0000019800000001', // timestamp
      'ffffffff', // coordinator epoch
      'ffffffffffffffff', // first offset of the open transaction: none
    ]
    expect(Buffer.from(state.encodeSnapshot()).toString('hex')).toBe(bytes.join(''))
  })

  test('brings back the last batch of each producer, and the limit of the memory its order', () => {
    const sender = new Sender()
    for (let sequence = 0; sequence < 60; sequence += 10) sender.send(sequence, { id: 1 })
    sender.send(MAX_SEQUENCE - 3, { id: 2, epoch: 5 })
    const state = new ProducerState(2)
    state.loadSnapshot(sender.state.encodeSnapshot(), '/s', 0)
    const restored = new Sender(state)
    restored.nextOffset = 70
    expect(restored.send(50, { id: 1 })).toBe(50)
    // As in Kafka, the four batches before are not in the file.
    expect(restored.send(40, { id: 1 })).toBe('OUT_OF_ORDER_SEQUENCE_NUMBER')
    expect(restored.send(MAX_SEQUENCE - 3, { id: 2, epoch: 5 })).toBe(60)
    expect(restored.send(6, { id: 2, epoch: 5 })).toBe(70)
    // Producer 1 wrote least recently, in the file too.
    restored.send(0, { id: 3 })
    expect(restored.send(99, { id: 1 })).toBeTypeOf('number')
  })

  test('that is cut short or has a flipped bit anywhere is refused, and names its file', () => {
    const sender = new Sender()
    sender.send(0, { id: 1 })
    sender.send(0, { id: 2 })
    const bytes = Buffer.from(sender.state.encodeSnapshot())
    const load = (damaged: Uint8Array) => () => new ProducerState(9).loadSnapshot(damaged, '/data/orders-3/1.snapshot', 0)
    for (let length = 0; length < bytes.length; length++) expect(load(bytes.subarray(0, length))).toThrow(KafkaError)
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const flipped = Buffer.from(bytes)
      flipped[bit >> 3]! ^= 1 << (bit & 7)
      expect(load(flipped)).toThrow(/^\/data\/orders-3\/1.snapshot is not a producer snapshot: /)
    }
  })
})

test('what a snapshot leaves out is taken from the log: the four batches before the last', () => {
  const at = { topic: 't', partition: 0 }
  const batch = (producerId: number, index: number, producerEpoch = 0) => ({
    producerId,
    producerEpoch,
    firstSequence: index * 10,
    lastSequence: index * 10 + 9,
    lastOffset: index * 10 + 9,
    offsetDelta: 9,
    timestamp: index,
  })
  const written = Array.from({ length: 8 }, (_, index) => batch(1, index))
  const whole = new ProducerState(10)
  for (const each of written) whole.update(each, 0)
  const restored = new ProducerState(10)
  restored.loadSnapshot(whole.encodeSnapshot(), 'x.snapshot', 0)
  expect(() => restored.check(batch(1, 6), at)).toThrow('OUT_OF_ORDER_SEQUENCE_NUMBER')
  restored.addHistory([batch(2, 0), batch(1, 9, 4), ...written])
  for (let index = 3; index < 8; index++) expect(restored.check(batch(1, index), at)).toMatchObject({ lastOffset: index * 10 + 9 })
  expect(() => restored.check(batch(1, 2), at)).toThrow('OUT_OF_ORDER_SEQUENCE_NUMBER')
  expect(restored.check(batch(1, 8), at)).toBe(null)
})
