import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { formatEndpoint, isLoopback, parseEndpoint } from './network.ts'

describe('parseEndpoint', () => {
  test.each([
    ['localhost:9092', 'localhost', 9092],
    ['kafka-1.example.com:19092', 'kafka-1.example.com', 19_092],
    ['kafka_1:1', 'kafka_1', 1],
    ['10.0.0.7:0', '10.0.0.7', 0],
    ['10.0.0.7:65535', '10.0.0.7', 65_535],
    ['[::1]:9092', '::1', 9092],
    ['[2001:db8::a.b]:9092', '2001:db8::a.b', 9092],
    ['[::ffff:127.0.0.1]:9092', '::ffff:127.0.0.1', 9092],
    ['[fe80::1%eth0]:9092', 'fe80::1%eth0', 9092],
    ['PLAINTEXT://localhost:9092', 'localhost', 9092],
    ['SASL_SSL://[::1]:9093', '::1', 9093],
    ['internal-1://localhost:9092', 'localhost', 9092],
    ['  localhost:9092\n', 'localhost', 9092],
  ])('"%s" is host %s, port %d', (text, host, port) => {
    expect(parseEndpoint(text)).toEqual({ host, port })
  })

  test.each([
    '',
    'localhost',
    'localhost:',
    ':9092',
    'localhost:kafka',
    'localhost:-1',
    'localhost:65536',
    'localhost:100000',
    'localhost:9092/',
    'local host:9092',
    'a:1,b:2',
    '::1:9092',
    '[::1]',
    '[]:9092',
    '[localhost]:9092',
    '[fade]:9092',
    '[fe80::1%]:9092',
    '[::1:9092',
    '::1]:9092',
    '://localhost:9092',
    'a://b://localhost:9092',
  ])('"%s" is no endpoint', text => {
    expect(parseEndpoint(text)).toBeNull()
  })

  test('reads what formatEndpoint wrote', () => {
    const host = fc.oneof(fc.domain(), fc.ipV4(), fc.ipV6())
    fc.assert(
      fc.property(host, fc.nat(65_535), (name, port) => {
        expect(parseEndpoint(formatEndpoint({ host: name, port }))).toEqual({ host: name, port })
      }),
    )
  })
})

test.each([
  ['localhost', 9092, 'localhost:9092'],
  ['10.0.0.7', 0, '10.0.0.7:0'],
  ['::1', 9092, '[::1]:9092'],
  ['fe80::1%eth0', 1, '[fe80::1%eth0]:1'],
])('formatEndpoint writes %s, %d as %s', (host, port, text) => {
  expect(formatEndpoint({ host, port })).toBe(text)
})

describe('isLoopback', () => {
  test.each(['localhost', '127.0.0.1', '127.1.2.3', '::1', '::ffff:127.0.0.1'])('%s is', host => {
    expect(isLoopback(host)).toBe(true)
  })

  test.each([
    '0.0.0.0',
    '::',
    '10.0.0.1',
    '128.0.0.1',
    '1127.0.0.1',
    '127.example.com',
    '127.0.0.1.example.com',
    'localhost.example.com',
    '::2',
    '',
  ])('"%s" is not', host => {
    expect(isLoopback(host)).toBe(false)
  })
})
