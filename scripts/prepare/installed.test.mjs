import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { isInstalled } from './installed.mjs'

const lock = {
  '': { name: 'root' },
  'packages/a': { version: '0.1.0' },
  'node_modules/@logwerk/a': { link: true },
  'node_modules/left': { version: '1.0.0', integrity: 'sha512-l' },
  'node_modules/other-platform': { version: '1.0.0', integrity: 'sha512-o', optional: true },
  'packages/a/node_modules/left': { version: '2.0.0', integrity: 'sha512-n' },
}
const { '': _, 'node_modules/other-platform': __, ...whole } = lock

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'logwerk installed '))
})
afterEach(() => rmSync(folder, { recursive: true }))

test('what npm wrote down is what the lock file asks for: nothing to do', () => {
  expect(withInstalled(whole)).toBe(true)
})

test('nothing installed, or not to the end', () => {
  expect(withInstalled(null)).toBe(false)
})

test.each(['node_modules/left', 'node_modules/@logwerk/a', 'packages/a/node_modules/left'])('%s is missing', path => {
  expect(withInstalled(Object.fromEntries(Object.entries(whole).filter(([key]) => key !== path)))).toBe(false)
})

test('another version, or the same with another content', () => {
  expect(withInstalled({ ...whole, 'node_modules/left': { version: '1.0.1', integrity: 'sha512-l' } })).toBe(false)
  expect(withInstalled({ ...whole, 'node_modules/left': { version: '1.0.0', integrity: 'sha512-x' } })).toBe(false)
})

test('a workspace with a new version is no reason to install', () => {
  expect(withInstalled({ ...whole, 'packages/a': { version: '0.2.0' } })).toBe(true)
})

/** @param {object | null} installed */
function withInstalled(installed) {
  writeFileSync(join(folder, 'package-lock.json'), JSON.stringify({ packages: lock }))
  if (installed !== null) {
    mkdirSync(join(folder, 'node_modules'), { recursive: true })
    writeFileSync(join(folder, 'node_modules/.package-lock.json'), JSON.stringify({ packages: installed }))
  }
  return isInstalled(folder)
}
