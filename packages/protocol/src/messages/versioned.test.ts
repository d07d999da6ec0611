import { describe, expect, test } from 'vitest'
import { bytesOf, codeThrownBy } from '../golden.test-support.ts'
import { consumerProtocolSubscription } from './consumer-protocol.ts'
import { controlRecordTypeSchema, controlRecordTypes, endTxnMarker } from './control-record.ts'
import { decodeVersioned, encodeVersioned } from './versioned.ts'

describe('a message with its version in front', () => {
  test('is written and read', () => {
    expect(encodeVersioned(controlRecordTypeSchema, 0, { type: controlRecordTypes.COMMIT })).toEqual(bytesOf('00 00 00 01'))
    expect(encodeVersioned(endTxnMarker, 0, { coordinatorEpoch: 3 })).toEqual(bytesOf('00 00 00 00 00 03'))
    expect(decodeVersioned(endTxnMarker, bytesOf('00 00 00 00 00 03'))).toEqual({ version: 0, value: { coordinatorEpoch: 3 } })
  })

  const newer = bytesOf(`
    00 04                       version 4, of which we know nothing
    00 00 00 01 00 01 74        topics: t
    ff ff ff ff                 userData: null
    00 00 00 00                 ownedPartitions: none
    00 00 00 05                 generationId
    00 01 72                    rackId
    de ad be ef                 whatever version 4 adds
  `)

  test('of a newer version is refused, or read as the newest known one', () => {
    expect(codeThrownBy(() => decodeVersioned(consumerProtocolSubscription, newer))).toBe('UNSUPPORTED_VERSION')
    expect(decodeVersioned(consumerProtocolSubscription, newer, { newer: 'asNewest' })).toEqual({
      version: 4,
      value: { topics: ['t'], userData: null, ownedPartitions: [], generationId: 5, rackId: 'r' },
    })
  })

  test('of a negative version, or cut short, is refused', () => {
    const negative = bytesOf('ff ff 00 00 00 03')
    expect(codeThrownBy(() => decodeVersioned(endTxnMarker, negative, { newer: 'asNewest' }))).toBe('UNSUPPORTED_VERSION')
    expect(codeThrownBy(() => decodeVersioned(endTxnMarker, bytesOf('00')))).toBe('MALFORMED_MESSAGE')
    expect(codeThrownBy(() => decodeVersioned(endTxnMarker, bytesOf('00 00 00')))).toBe('MALFORMED_MESSAGE')
  })
})
