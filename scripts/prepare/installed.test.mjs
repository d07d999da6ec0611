import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { isInstalled } from './installed.mjs'

const root = { workspaces: ['packages/*'], devDependencies: { left: '1.0.0' } }
const workspace = { version: '0.1.0', dependencies: { right: '1.0.0', left: '2.0.0' } }
const lock = {
  '': { name: 'root', ...root },
  'packages/a': workspace,
  'node_modules/@logwerk/a': { resolved: 'packages/a', link: true },
  'node_modules/left': { version: '1.0.0', integrity: 'sha512-l' },
  'node_modules/right': { version: '1.0.0', integrity: 'sha512-r' },
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

test.each(['node_modules/left', 'node_modules/@logwerk/a', 'packages/a/node_modules/left', 'node_modules/.bin'])(
  '%s was there and has been deleted since',
  path => {
    expect(withInstalled(whole)).toBe(true)
    rmSync(join(folder, path), { recursive: true })
    expect(isInstalled(folder)).toBe(false)
  },
)

test.each([
  ['the root asks for one more', 'package.json', { ...root, devDependencies: { left: '1.0.0', more: '1.0.0' } }],
  ['the root asks for one less', 'package.json', { workspaces: root.workspaces }],
  ['a workspace asks for another version', 'packages/a/package.json', { ...workspace, dependencies: { right: '1.0.0', left: '2.0.1' } }],
  ['there is a new workspace', 'packages/b/package.json', {}],
])('%s than the lock file says', (_, path, manifest) => {
  expect(withInstalled(whole)).toBe(true)
  write(path, manifest)
  expect(isInstalled(folder)).toBe(false)
})

test('a package.json that says the same in another order, or more of something else, is no reason to install', () => {
  expect(withInstalled(whole)).toBe(true)
  write('packages/a/package.json', { scripts: {}, dependencies: { left: '2.0.0', right: '1.0.0' } })
  expect(isInstalled(folder)).toBe(true)
})

/** @param {object | null} installed */
function withInstalled(installed) {
  write('package.json', root)
  write('packages/a/package.json', workspace)
  write('package-lock.json', { packages: lock })
  if (installed !== null) {
    mkdirSync(join(folder, 'node_modules/.bin'), { recursive: true })
    for (const path of Object.keys(installed)) if (path.includes('node_modules/')) write(`${path}/package.json`, {})
    write('node_modules/.package-lock.json', { packages: installed })
  }
  return isInstalled(folder)
}

/**
 * @param {string} path
 * @param {object} content
 */
function write(path, content) {
  mkdirSync(dirname(join(folder, path)), { recursive: true })
  writeFileSync(join(folder, path), JSON.stringify(content))
}
