import { expect, test } from 'vitest'
import { namesOf, renameObstacle } from './tree-rules.ts'

test.each([
  ['/a/b', ['a', 'b']],
  ['a//b/', ['a', 'b']],
  ['/a/./../b', ['b']],
  ['C:\\data\\log', ['C:', 'data', 'log']],
  ['/', []],
  ['..', []],
])('the names on the way to %s are %j', (path, names) => {
  expect(namesOf(path)).toEqual(names)
})

test.each([
  ['a file to a new name', '/a', 'file', '/b', null, null],
  ['a file over a file', '/a', 'file', '/b', 'file', null],
  ['a file over a directory', '/a', 'file', '/b', 'emptyDirectory', 'EISDIR'],
  ['a directory over a file', '/a', 'directory', '/b', 'file', 'ENOTDIR'],
  ['a directory over an empty one', '/a', 'directory', '/b', 'emptyDirectory', null],
  ['a directory over one that is not empty', '/a', 'emptyDirectory', '/b', 'directory', 'ENOTEMPTY'],
  ['a directory into itself', '/a', 'directory', '/a/b', null, 'EINVAL'],
  ['a directory deep into itself', '/a', 'directory', '/a/b/c', 'file', 'EINVAL'],
  ['something over what holds it', '/a/b', 'file', '/a', 'directory', 'ENOTEMPTY'],
  ['a directory to a name that only begins like its own', '/a', 'directory', '/ab/c', null, null],
] as const)('renaming %s', (_, from, node, to, replaced, osCode) => {
  expect(renameObstacle(namesOf(from), node, namesOf(to), replaced)).toBe(osCode)
})
