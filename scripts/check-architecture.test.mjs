import { describe, expect, test } from 'vitest'
import { checkArchitecture } from './architecture/check.mjs'
import { formatFinding } from './architecture/finding.mjs'
import { readTree } from './architecture/tree.mjs'
import { root } from './root.mjs'

test('this repository keeps its architecture', () => {
  const tree = readTree(root)
  expect(tree.size).toBeGreaterThan(40)
  expect(checkArchitecture(tree).map(formatFinding)).toEqual([])
})

test('a small tree without a violation has no findings', () => {
  expect(found({})).toEqual([])
})

describe('layers', () => {
  test.each([
    ['up', 'protocol', { dependencies: { '@logwerk/storage': '^0.1.0' } }, 'protocol (L1) depends up on storage (L2)'],
    ['sideways', 'protocol', { dependencies: { '@logwerk/serde': '^0.1.0' } }, 'protocol (L1) depends sideways on serde (L1)'],
    ['up in devDependencies', 'runtime', { devDependencies: { '@logwerk/protocol': '*' } }, 'runtime (L0) depends up on protocol (L1)'],
    ['up in peerDependencies', 'protocol', { peerDependencies: { logwerk: '*' } }, 'protocol (L1) depends up on logwerk (L7)'],
    ['on a private package', 'assignor', { devDependencies: { '@logwerk/bench': '*' } }, 'assignor depends on bench, which is private'],
    [
      'on an unknown package',
      'assignor',
      { dependencies: { '@logwerk/lost': '*' } },
      'assignor depends on lost, which is not a package of the table',
    ],
  ])('an arrow %s is found', (_, folder, json, message) => {
    expect(found({ [`packages/${folder}/package.json`]: manifest(folder, json) })).toEqual([
      expect.stringContaining(`packages/${folder}/package.json: ${message}`),
    ])
  })

  test('an arrow between two private packages is found, one from an example to any published package is not', () => {
    const bench = manifest('bench', { private: true, dependencies: { '@logwerk/interop': '*', '@logwerk/storage': '*' } })
    const example = JSON.stringify({ name: 'quick-start', private: true, dependencies: { '@logwerk/storage': '*' } })
    expect(found({ 'packages/bench/package.json': bench, 'examples/quick-start/package.json': example })).toEqual([
      expect.stringContaining('bench depends on interop, which is private'),
    ])
  })

  test('a package that the table lacks is found', () => {
    expect(found({ 'packages/gossip/package.json': manifest('gossip') })).toEqual([expect.stringContaining('gossip has no layer')])
  })

  test('a name that differs from the folder is found', () => {
    expect(found({ 'packages/assignor/package.json': manifest('assigner') })).toEqual([
      expect.stringContaining('is named @logwerk/assigner'),
    ])
  })

  test('private and published are not mixed up', () => {
    expect(found({ 'packages/assignor/package.json': manifest('assignor', { private: true }) })).toEqual([
      expect.stringContaining('[private]'),
    ])
    expect(found({ 'packages/demo/package.json': manifest('demo') })).toEqual([expect.stringContaining('demo must be private')])
    expect(found({ 'examples/one/package.json': '{"name":"one"}' })).toEqual([expect.stringContaining('example one must be private')])
  })
})

describe('imports', () => {
  const cases = /** @type {const} */ ([
    ['a static import', "import { x } from 'left-pad'"],
    ['a type import', "import type { X } from 'left-pad/types'"],
    ['a re-export', "export { x } from 'left-pad'"],
    ['a bare import', "import 'left-pad'"],
    ['a dynamic import', "const x = await import('left-pad')"],
    ['an import in a type', "export type X = import('left-pad').X"],
    ['an import by URL', "import { x } from 'file:///left-pad.js'"],
    ['an import of a devDependency outside tests', "import { test } from 'vitest'"],
  ])
  test.each(cases)('%s of an undeclared package is found', (_, source) => {
    expect(found({ 'packages/storage/src/a.ts': source })).toEqual([
      expect.stringMatching(/a\.ts:1: .* is not declared in .* \[undeclared\]$/),
    ])
  })

  test('what is declared may be imported, and devDependencies in tests', () => {
    const test = "import { test } from 'vitest'\nimport { x } from 'dev-only'\nimport { open } from '@logwerk/storage'"
    const json = manifest('storage', { dependencies: { '@logwerk/runtime': '*', '@s/p': '1' }, devDependencies: { 'dev-only': '1' } })
    expect(
      found({
        'packages/storage/package.json': json,
        'packages/storage/src/a.test.ts': test,
        'packages/storage/src/a.test-support.ts': test,
        'packages/storage/src/a.ts':
          "import { p } from '@s/p/deep'\nimport { KafkaError } from '@logwerk/runtime'\nimport { Buffer } from 'node:buffer'",
      }),
    ).toEqual([])
  })

  test('a deep import into another package is found, by name and by path', () => {
    const source =
      "import { a } from '@logwerk/runtime/src/a.ts'\nimport { b } from '../../runtime/src/b.ts'\nimport { c } from '@logwerk/runtime/simulated'"
    expect(found({ 'packages/storage/src/a.ts': source })).toEqual([
      expect.stringMatching(/a\.ts:1: .* is not an entry of @logwerk\/runtime.*\[deep-import\]/),
      expect.stringMatching(/a\.ts:2: .* leaves packages\/storage.*\[deep-import\]/),
    ])
  })

  test('an import by an absolute path is found', () => {
    expect(found({ 'packages/storage/src/a.ts': "import { a } from '/packages/runtime/src/a.ts'" })).toEqual([
      expect.stringMatching(/a\.ts:1: .* is a place on one machine.*\[deep-import\]/),
    ])
  })

  test('a command beside its package.json is held to the same rules', () => {
    expect(found({ 'packages/storage/bin.js': "import { x } from 'left-pad'\nsetTimeout(x, 1)" })).toEqual([
      expect.stringMatching(/bin\.js:1: .*\[undeclared\]/),
      expect.stringMatching(/bin\.js:2: .*\[seam\]/),
    ])
  })

  test('examples are held to the same rules', () => {
    const json = JSON.stringify({ name: 'one', private: true, dependencies: {} })
    const source = "import { open } from '@logwerk/storage'\nimport { b } from '../../../packages/runtime/src/b.ts'"
    expect(found({ 'examples/one/package.json': json, 'examples/one/src/main.ts': source })).toEqual([
      expect.stringContaining('[undeclared]'),
      expect.stringContaining('[deep-import]'),
    ])
  })
})

describe('seams', () => {
  const banned = [
    'Date.now()',
    'const now = Date . now',
    'globalThis.Date.now()',
    'new Date()',
    'new Date',
    'Date()',
    'performance.now()',
    'Math.random()',
    'process.hrtime.bigint()',
    'AbortSignal.timeout(5)',
    'setTimeout(f, 1)',
    'globalThis.setInterval(f, 1)',
    'setImmediate(f)',
    'clearTimeout(t)',
    "await fetch('http://localhost')",
    'globalThis.fetch(url)',
    'return fetch(url)',
    'const get = a ? fetch(url) : b',
    'const http = { get: fetch }',
    'crypto.randomUUID()',
    "import { randomBytes } from 'node:crypto'",
    "import { open } from 'node:fs/promises'",
    "import fs from 'fs'",
    "import type { Socket } from 'node:net'",
    "export { connect } from 'node:tls'",
    "import dns from 'node:dns'",
    "import * as http from 'node:http'",
    "import 'node:https'",
    "const { Worker } = await import('node:worker_threads')",
    "import { setTimeout as sleep } from 'node:timers/promises'",
    "import { execFileSync } from 'node:child_process'",
    "import { createRequire } from 'node:module'",
    "const fs = require('fs')",
    "import { gzip } from 'node:zlib'",
    "import * as zlib from 'node:zlib'\nexport const stream = zlib.createGzip()",
    'const text = `at $' + '{Date.now()}`',
    'const half = a / b; const late = Date.now() / 2',
    'const { now } = Date',
    'const { random: chance } = Math',
    'let clock = performance',
    'const clock = globalThis.performance',
    'const p = process\nexport const now = p.hrtime()',
    "Date['now']()",
    'globalThis[name](f)',
    'process.uptime()',
    'process.binding("fs")',
    'Temporal.Now.instant()',
    'Atomics.waitAsync(cell, 0, 0, 1)',
    'new WebSocket(url)',
    "new CompressionStream('gzip')",
    'crypto.getRandomValues(bytes)',
    'crypto.randomUUIDv7()',
    'module.createRequire(import.meta.url)',
    "import fs = require('fs')",
    "import { hrtime } from 'node:process'",
    "import { getBuiltinModule as get } from 'process'",
    "import * as p from 'node:process'\nexport const now = p.hrtime",
    "import p from 'node:process'\nconst { hrtime } = p",
    "import { uptime } from 'node:os'",
    "import { DatabaseSync } from 'node:sqlite'",
    "import { setImmediate } from 'timers'",
    "export { setTimeout } from 'node:timers/promises'",
    "import { type Socket } from 'net'",
    "type Socket = import('node:net').Socket",
    'const fs = await import(`node:fs`)',
    "const fs = await import('node:' + 'fs')",
    'const any = await import(name)',
    "import zlib, { gzip } from 'node:zlib'",
    "import zlib from 'node:zlib'\nconst { gzip } = zlib",
  ]
  test.each(banned)('%s is found, in sources and in tests', source => {
    expect(found({ 'packages/storage/src/a.ts': source }).join('\n')).toMatch(/a\.ts:\d+: .* \[seam\]$/)
    expect(found({ 'packages/storage/src/a.test.ts': source }).join('\n')).toMatch(/a\.test\.ts:\d+: .* \[seam\]$/)
  })

  const allowed = [
    '// setTimeout(f, Date.now())',
    '/* fetch(url)\n Math.random() */',
    "const text = 'Date.now()'",
    'const text = `new Date() $' + '{x} setTimeout(`',
    String.raw`const pattern = /Date\.now\(\)/`,
    "const pattern = value.replace(/['`]/g, '') + 'setTimeout(' + other.replace(/['`]/, '')",
    'const when = new Date(timestampMs)',
    'const when: Date = parse(text)',
    'const ms = Date.parse(text)',
    'const when = batch.Date.now()',
    'await consumer.fetch(request)',
    "import { fetch } from './messages/fetch.ts'\nrouter.on(fetch, handle)",
    'export const fetch = defineApi({})\nexport const both = [fetch]',
    'export interface Wire { fetch(request: Request): Promise<Response> }',
    'export class Wire { async fetch(request) { return request } }',
    'const handlers = { fetch: handle }',
    'const delay = jitter * Math.max(1, 2)',
    "import { gzipSync, constants } from 'node:zlib'",
    "import type { ZlibOptions } from 'node:zlib'",
    "import * as zlib from 'node:zlib'\nexport const bytes = zlib.zstdCompressSync?.(input)",
    "import { createHash } from 'node:crypto'",
    "import { hostname } from 'node:os'",
    "import os from 'node:os'\nexport const name = { os: os.hostname() }",
    "import type zlib from 'node:zlib'\nexport type Zlib = typeof zlib.gzipSync",
    'const times: Date[] = when instanceof Date ? [when] : []',
    'type Time<T = Date> = T | Date',
    'const major = process.versions.node',
    "const later = await import('./messages/fetch.ts')",
  ]
  test.each(allowed)('%s is let through', source => {
    expect(found({ 'packages/storage/src/a.ts': source, 'packages/storage/src/messages/fetch.ts': '' })).toEqual([])
  })

  test("runtime's Node implementation and tests, interop and examples may reach outside, the rest of runtime may not", () => {
    const source = "import { readFileSync } from 'node:fs'\nexport const nowMs = Date.now()"
    const files = {
      'packages/runtime/src/node/a.ts': source,
      'packages/runtime/src/a.test.ts': source,
      'packages/interop/package.json': manifest('interop', { private: true }),
      'packages/interop/src/a.ts': source,
      'examples/one/package.json': '{"name":"one","private":true}',
      'examples/one/src/main.ts': source,
    }
    expect(found(files)).toEqual([])
    expect(found({ 'packages/runtime/src/simulated/a.ts': source })).toHaveLength(2)
  })
})

describe('language', () => {
  const banned = /** @type {const} */ ([
    ['any', 'const x = y as any'],
    ['any', 'const x: any = y'],
    ['any', 'const x = <any>y'],
    ['any', 'export type X = any'],
    ['any', 'const x = y as unknown as any[]'],
    ['any', 'type F = () => any'],
    ['any', 'type U = string | any'],
    ['any', 'function isIt(x: unknown): x is any {}'],
    ['any', 'type K = keyof any'],
    ['export-star', "export * from './b.ts'"],
    ['export-star', "export * as b from './b.ts'"],
    ['export-star', "export type * from './b.ts'"],
    ['export-star', "export type * as b from './b.ts'"],
    ['default-export', 'export default 1'],
    ['default-export', 'const x = 1\nexport { x as default }'],
    ['default-export', "export { default } from './b.ts'"],
    ['ts-comment', '// @ts-nocheck'],
    ['ts-comment', '// @ts-ignore it works'],
    ['ts-comment', '/* @ts-expect-error */'],
    ['ts-comment', 'f(\n  // @ts-expect-error\n  x)'],
  ])
  test.each(banned)('%s: %s is found', (rule, source) => {
    expect(found({ 'packages/storage/src/a.ts': source, 'packages/storage/src/b.ts': '' })).toEqual([expect.stringContaining(`[${rule}]`)])
  })

  const allowed = [
    "const text = 'x as any'",
    '// never write x as any, nor @ts-ignore',
    'await Promise.any(all)',
    'type Field = Of<any, any>',
    "export { default as avsc } from './b.ts'",
    "import { default as b } from './b.ts'",
    'switch (x) { default: break }',
    'export const product = a * b',
  ]
  test.each(allowed)('%s is let through', source => {
    expect(found({ 'packages/storage/src/a.ts': source, 'packages/storage/src/b.ts': '' })).toEqual([])
  })

  test('a test may say what must not compile, but not switch the compiler off', () => {
    expect(found({ 'packages/storage/src/a.test-d.ts': '// @ts-expect-error: a number is no topic\nf(1)' })).toEqual([])
    expect(found({ 'packages/storage/src/a.test.ts': '// @ts-ignore' })).toEqual([expect.stringContaining('[ts-comment]')])
  })
})

/**
 * @param {Record<string, string>} files  Added to a small tree that is in order, or replacing a part of it.
 * @returns {string[]}
 */
function found(files) {
  const tree = new Map([
    ['package.json', '{"devDependencies":{"vitest":"1"}}'],
    [
      'packages/runtime/package.json',
      manifest('runtime', { exports: { '.': './src/index.ts', './simulated': './src/simulated/index.ts' } }),
    ],
    ['packages/runtime/src/index.ts', 'export const one = 1'],
    ['packages/storage/package.json', manifest('storage', { dependencies: { '@logwerk/runtime': '^0.1.0' } })],
    ['packages/storage/src/index.ts', "import { one } from '@logwerk/runtime'\nexport { one }"],
    ...Object.entries(files),
  ])
  return checkArchitecture(tree).map(formatFinding)
}

/**
 * @param {string} folder
 * @param {object} [more]
 */
function manifest(folder, more = {}) {
  return JSON.stringify({ name: `@logwerk/${folder}`, exports: { '.': './src/index.ts' }, ...more })
}
