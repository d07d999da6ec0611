import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { writeToDescriptor } from './write-to-descriptor.ts'

// A disk that takes a few bytes at a time, until it is full.

const MOST_BYTES = 7
const disk = vi.hoisted(() => ({ roomBytes: 0, isStuck: false }))

vi.mock('node:fs', async original => {
  const fs = await original<typeof import('node:fs')>()
  return {
    ...fs,
    writeSync(descriptor: number, bytes: Uint8Array, at: number) {
      if (disk.isStuck) return 0
      if (disk.roomBytes === 0) throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' })
      const byteCount = fs.writeSync(descriptor, bytes, at, Math.min(bytes.length - at, MOST_BYTES, disk.roomBytes))
      disk.roomBytes -= byteCount
      return byteCount
    },
  }
})

const content = Uint8Array.from({ length: 100 }, (_, index) => index)
let root = ''
let descriptor = -1
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'logwerk-descriptor-'))
  descriptor = openSync(join(root, 'a'), 'w')
  Object.assign(disk, { roomBytes: 1000, isStuck: false })
})
afterEach(() => {
  closeSync(descriptor)
  rmSync(root, { recursive: true })
})

test('all of it is written, behind what is there', () => {
  writeToDescriptor(descriptor, content)
  writeToDescriptor(descriptor, content)
  expect([...readFileSync(join(root, 'a'))]).toEqual([...content, ...content])
})

test('a disk that takes the beginning and is full then is an error', () => {
  disk.roomBytes = 40
  expect(() => writeToDescriptor(descriptor, content)).toThrow(expect.objectContaining({ code: 'ENOSPC' }))
})

test('a system that goes on writing nothing is an error', () => {
  disk.isStuck = true
  expect(() => writeToDescriptor(descriptor, content)).toThrow(expect.objectContaining({ code: 'EIO' }))
})
