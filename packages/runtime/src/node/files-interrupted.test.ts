import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { readWholeFile } from '../files.ts'
import { nodeFiles } from './files.ts'

// A file system that gives a read a few bytes at a time, and ends every other one because a signal came (FUSE, network mounts).

type Done = (error: NodeJS.ErrnoException | null, byteCount: number, into: Uint8Array) => void

const MOST_BYTES = 7
const calls = vi.hoisted(() => ({ count: 0 }))
const interrupted = vi.hoisted(() => () => Object.assign(new Error('EINTR: interrupted system call, read'), { code: 'EINTR' }))

vi.mock('node:fs', async original => {
  const fs = await original<typeof import('node:fs')>()
  return {
    ...fs,
    readSync(descriptor: number, into: Uint8Array, at: number, length: number, position: number) {
      if (++calls.count % 2 === 1) throw interrupted()
      return fs.readSync(descriptor, into, at, Math.min(length, MOST_BYTES), position)
    },
    read(descriptor: number, into: Uint8Array, at: number, length: number, position: number, done: Done) {
      if (++calls.count % 2 === 1) return void process.nextTick(done, interrupted(), 0, into)
      fs.read(descriptor, into, at, Math.min(length, MOST_BYTES), position, done)
    },
  }
})

const content = Uint8Array.from({ length: 100 }, (_, index) => index)
let root = ''
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'logwerk-files-'))
  writeFileSync(join(root, 'a'), content)
  calls.count = 0
})
afterEach(() => rmSync(root, { recursive: true }))

test('a read goes on until the buffer is full or the file ends', () => {
  expect(readWholeFile(nodeFiles, join(root, 'a'))).toEqual(content)
  expect(calls.count).toBe(2 * Math.ceil(content.length / MOST_BYTES))
})

test('so does one off the event loop', async () => {
  const file = nodeFiles.open(join(root, 'a'), 'read')
  const into = new Uint8Array(120)
  expect(await file.readLater(into, 10)).toBe(90)
  expect(into.subarray(0, 90)).toEqual(content.subarray(10))
  file.close()
})
