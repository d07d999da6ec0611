import { ByteReader, ByteWriter } from '@logwerk/runtime'
import { describe, expect, test } from 'vitest'
import { bytesOf, codeThrownBy } from '../golden.test-support.ts'
import { apiVersions } from './api-versions.ts'
import { apiOfKey, apis } from './apis.ts'
import { decodeRequestHeader, decodeResponseHeader, encodeRequestHeader, encodeResponseHeader } from './header.ts'
import { heartbeat } from './heartbeat.ts'

const requestVersion1 = bytesOf(`
  00 0c           apiKey
  00 03           apiVersion
  00 00 00 07     correlationId
  00 03 61 70 70  clientId
`)
const requestVersion2 = bytesOf(`
  00 0c           apiKey
  00 04           apiVersion
  00 00 00 07     correlationId
  00 03 61 70 70  clientId: the int16 length stays
  00              no tagged fields
`)

function requestHeader(version: number, clientId: string | null): string {
  const writer = new ByteWriter()
  encodeRequestHeader(writer, heartbeat, version, 7, clientId)
  return writer.bytes().toString('hex')
}

describe('the header of a request', () => {
  test('is written as kafka-clients 4.4.0 writes it', () => {
    expect(requestHeader(3, 'app')).toBe(requestVersion1.toString('hex'))
    expect(requestHeader(4, 'app')).toBe(requestVersion2.toString('hex'))
    expect(requestHeader(4, null)).toBe('000c000400000007ffff00')
  })

  test('is read up to the body', () => {
    for (const [apiVersion, bytes] of [
      [3, requestVersion1],
      [4, requestVersion2],
    ] as const) {
      const reader = new ByteReader(Buffer.concat([bytes, Buffer.from('body')]))
      expect(decodeRequestHeader(reader, apiOfKey)).toEqual({ apiKey: 12, apiVersion, correlationId: 7, clientId: 'app' })
      expect(reader.position).toBe(bytes.length)
    }
  })

  test('may have tagged fields that nobody knows', () => {
    const bytes = bytesOf(`
      00 0c 00 04 00 00 00 07 ff ff
      02                  two tagged fields
      00 01 aa            tag 0, one byte
      b9 0a 02 bb cc      tag 1337, two bytes
    `)
    const reader = new ByteReader(bytes)
    expect(decodeRequestHeader(reader, apiOfKey).clientId).toBe(null)
    expect(reader.remaining).toBe(0)
  })

  test('is read also for a version that the API lacks, which ApiVersions has to answer', () => {
    const reader = new ByteReader(bytesOf('00 12 00 63 00 00 00 01 ff ff 00'))
    expect(decodeRequestHeader(reader, apiOfKey)).toEqual({ apiKey: 18, apiVersion: 99, correlationId: 1, clientId: null })
    expect(reader.remaining).toBe(0)
    expect(decodeRequestHeader(new ByteReader(bytesOf('00 12 ff ff 00 00 00 01 ff ff')), apiOfKey).apiVersion).toBe(-1)
  })

  test('is refused for a key without an API', () => {
    expect(codeThrownBy(() => decodeRequestHeader(new ByteReader(bytesOf('03 e8 00 00 00 00 00 01 ff ff')), apiOfKey))).toBe(
      'INVALID_REQUEST',
    )
  })

  test('is malformed when cut short, or with a length that lies', () => {
    for (let length = 0; length < requestVersion2.length; length++) {
      expect(codeThrownBy(() => decodeRequestHeader(new ByteReader(requestVersion2, 0, length), apiOfKey))).toBe('MALFORMED_MESSAGE')
    }
    for (const lie of ['ff fe', '7f ff', 'ff ff ff ff ff ff 0f', 'ff ff 01 00 ff ff ff ff 0f', 'ff ff ff ff ff ff ff 7f']) {
      const reader = new ByteReader(Buffer.concat([bytesOf('00 0c 00 04 00 00 00 07'), bytesOf(lie)]))
      expect(
        codeThrownBy(() => decodeRequestHeader(reader, apiOfKey)),
        lie,
      ).toBe('MALFORMED_MESSAGE')
    }
  })

  test('takes no client id that its length cannot say', () => {
    expect(requestHeader(4, 'x'.repeat(0x7fff)).length).toBe(2 * (8 + 2 + 0x7fff + 1))
    expect(() => requestHeader(4, 'ä'.repeat(0x4000))).toThrow(new TypeError('a client id of 32768 bytes is longer than 32767'))
  })
})

describe('the header of a response', () => {
  function responseHeader(api: typeof heartbeat | typeof apiVersions, version: number): string {
    const writer = new ByteWriter()
    encodeResponseHeader(writer, api, version, 7)
    const reader = new ByteReader(writer.bytes())
    expect(decodeResponseHeader(reader, api, version)).toBe(7)
    expect(reader.remaining).toBe(0)
    return writer.bytes().toString('hex')
  }

  test('is written as kafka-clients 4.4.0 writes it', () => {
    expect(responseHeader(heartbeat, 3)).toBe('00000007')
    expect(responseHeader(heartbeat, 4)).toBe('0000000700')
  })

  test('of ApiVersions never has tagged fields', () => {
    for (let version = 0; version <= 5; version++) expect(responseHeader(apiVersions, version)).toBe('00000007')
  })
})

test('APIs are found by their key, and in its order', () => {
  for (const api of Object.values(apis)) expect(apiOfKey(api.key)).toBe(api)
  expect(apiOfKey(4)).toBe(undefined)
  const keys = Object.values(apis).map(api => api.key)
  expect(keys).toEqual([...new Set(keys)].sort((a, b) => a - b))
})
