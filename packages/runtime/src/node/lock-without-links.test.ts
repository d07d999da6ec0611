import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { takeLock } from './lock.ts'

// A file system without hard links: FAT, some network mounts.

const refusals = vi.hoisted(() => ({ count: 0 }))

vi.mock('node:fs', async original => ({
  ...(await original<typeof import('node:fs')>()),
  linkSync() {
    refusals.count++
    throw Object.assign(new Error('EPERM: operation not permitted, link'), { code: 'EPERM' })
  },
}))

let root = ''
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'logwerk-lock-'))
  refusals.count = 0
})
afterEach(() => {
  rmSync(root, { recursive: true })
  expect(refusals.count).toBeGreaterThan(0)
})

test('a lock is taken once, and is free after its release', () => {
  const lock = takeLock(join(root, '.lock'))
  expect(() => takeLock(join(root, '.lock'))).toThrow('is held by this process already')
  lock.release()
  takeLock(join(root, '.lock')).release()
  expect(readdirSync(root)).toEqual([])
})

test.each([['{"pid":1,"started":"before the last power cut","token":"t"}'], [''], ['{"pid":']])(
  'a stale file is taken over: %j',
  content => {
    writeFileSync(join(root, '.lock'), content)
    const lock = takeLock(join(root, '.lock'))
    expect(() => takeLock(join(root, '.lock'))).toThrow('is held by this process already')
    lock.release()
    expect(readdirSync(root)).toEqual([])
  },
)
