import { describe, expect, test } from 'vitest'
import { advertisedTo } from './advertised.ts'

describe('clients are told to connect to', () => {
  const local = { host: '192.168.1.5', port: 9092 }
  test.each([
    ['the address listened on', local, { host: '192.168.1.5' }, '192.168.1.5', 9092],
    ['the name listened on', { host: '127.0.0.1', port: 9092 }, { host: 'localhost' }, 'localhost', 9092],
    ['on all addresses, the one that they came to', local, { host: '0.0.0.0' }, '192.168.1.5', 9092],
    ['an IPv6 address', { host: 'fd00::5', port: 9092 }, { host: '::' }, 'fd00::5', 9092],
    [
      'an IPv4 address as such, also where both kinds share a socket',
      { host: '::ffff:10.1.2.3', port: 9092 },
      { host: '::' },
      '10.1.2.3',
      9092,
    ],
    ['the advertised address', local, { advertisedHost: 'kafka.example', advertisedPort: 19_092 }, 'kafka.example', 19_092],
    ['the advertised host at the port listened on', local, { advertisedHost: 'kafka.example' }, 'kafka.example', 9092],
    ['the port listened on where 0 is advertised', local, { host: '0.0.0.0', advertisedPort: 0 }, '192.168.1.5', 9092],
  ])('%s', (_name, from, config, host, port) => {
    expect(advertisedTo(from, { host: '127.0.0.1', advertisedHost: null, advertisedPort: -1, ...config })).toEqual({ host, port })
  })
})
