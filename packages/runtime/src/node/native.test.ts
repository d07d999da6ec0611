import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { loadNative } from './native.ts'

// An application with its own packages: what it has installed is found from its working directory.

const application = realpathSync(mkdtempSync(join(tmpdir(), 'logwerk-native-')))
const before = process.cwd()

function install(name: string, code: string): void {
  const folder = join(application, 'node_modules', name)
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name, main: 'main.cjs' }))
  writeFileSync(join(folder, 'main.cjs'), code)
}

beforeAll(() => process.chdir(application))
afterAll(() => {
  process.chdir(before)
  rmSync(application, { recursive: true })
})

test('a package that is there is loaded, once', () => {
  install('logwerk-test-present', 'globalThis.loads = (globalThis.loads ?? 0) + 1; module.exports = { compress: () => 5 }')
  const module = loadNative('logwerk-test-present') as { compress(): number }
  expect(module.compress()).toBe(5)
  expect(loadNative('logwerk-test-present')).toBe(module)
})

test('one that is absent is null, and is not looked for again', () => {
  expect(loadNative('logwerk-test-absent')).toBeNull()
  install('logwerk-test-absent', 'module.exports = 1')
  expect(loadNative('logwerk-test-absent')).toBeNull()
})

test('one that was built for another platform, or exports nothing, is null', () => {
  install('logwerk-test-broken', "throw new Error('invalid ELF header')")
  install('logwerk-test-empty', 'module.exports = undefined')
  expect(loadNative('logwerk-test-broken')).toBeNull()
  expect(loadNative('logwerk-test-empty')).toBeNull()
})
