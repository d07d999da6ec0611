import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { forgetIncomplete, isBuilt, removeStamp, stampBuilt } from './built.mjs'

const BEFORE = new Date('2026-01-01T10:00:00Z')
const BUILD = new Date('2026-01-01T11:00:00Z')
const AFTER = new Date('2026-01-01T12:00:00Z')

const INPUTS = [
  'tsconfig.base.json',
  'package-lock.json',
  'packages/a/package.json',
  'packages/a/tsconfig.json',
  'packages/a/src/index.ts',
  'packages/a/src/deep/b.ts',
]
const FOLDERS = ['packages/a/src', 'packages/a/src/deep']

let root = ''
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'logwerk built '))
  for (const path of [...INPUTS, 'packages/a/src/index.test.ts', 'packages/a/dist/index.js', 'packages/a/dist/deep/b.js']) write(path)
  // Nothing is built of it.
  write('packages/scripts-only/src/c.ts')
  for (const path of [...INPUTS, ...FOLDERS]) touch(path, BEFORE)
  stampBuilt(root, BUILD)
})
afterEach(() => rmSync(root, { recursive: true }))

test('a build that began after the last change counts, wherever its own files come from', () => {
  touch('packages/a/dist/index.js', BEFORE)
  touch('packages/a/src/index.test.ts', AFTER)
  expect(isBuilt(root)).toBe(true)
})

test.each([...INPUTS, ...FOLDERS])('%s has changed since', path => {
  touch(path, AFTER)
  expect(isBuilt(root)).toBe(false)
})

test('a source came, went, or was renamed since, whatever its own time is', () => {
  write('packages/a/src/deep/new.ts')
  touch('packages/a/src/deep/new.ts', BEFORE)
  expect(isBuilt(root)).toBe(false)
  rmSync(join(root, 'packages/a/src/deep/new.ts'))
  expect(isBuilt(root)).toBe(false)
  for (const path of FOLDERS) touch(path, BEFORE)
  expect(isBuilt(root)).toBe(true)
  renameSync(join(root, 'packages/a/src/deep/b.ts'), join(root, 'packages/a/src/deep/c.ts'))
  expect(isBuilt(root)).toBe(false)
})

test.each(['packages/a/dist', 'packages/a/dist/deep', 'packages/a/dist/deep/b.js'])('%s has been deleted', path => {
  rmSync(join(root, path), { recursive: true })
  expect(isBuilt(root)).toBe(false)
})

test('of an incomplete build the compiler keeps no notes', () => {
  const notes = join(root, 'packages/a/.tsbuildinfo')
  writeFileSync(notes, '')
  forgetIncomplete(root)
  expect(existsSync(notes)).toBe(true)
  rmSync(join(root, 'packages/a/dist/deep/b.js'))
  forgetIncomplete(root)
  expect(existsSync(notes)).toBe(false)
})

test('no build has ended yet, or the next one has begun with removing', () => {
  removeStamp(root)
  expect(isBuilt(root)).toBe(false)
  removeStamp(root)
  stampBuilt(root, BUILD)
  expect(isBuilt(root)).toBe(true)
})

/** @param {string} path */
function write(path) {
  mkdirSync(dirname(join(root, path)), { recursive: true })
  writeFileSync(join(root, path), '')
}

/**
 * @param {string} path
 * @param {Date} time
 */
function touch(path, time) {
  utimesSync(join(root, path), time, time)
}
