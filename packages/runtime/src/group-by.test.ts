import { describe, expect, test } from 'vitest'
import { groupBy } from './group-by.ts'

describe('groupBy', () => {
  test('keeps the order of groups and of items', () => {
    expect([...groupBy(['aa', 'b', 'ac'], text => text[0])]).toEqual([
      ['a', ['aa', 'ac']],
      ['b', ['b']],
    ])
    const groups = groupBy(['b1', 'a1', 'b2', 'c1', 'a2'], item => item[0])
    expect([...groups]).toEqual([
      ['b', ['b1', 'b2']],
      ['a', ['a1', 'a2']],
      ['c', ['c1']],
    ])
  })

  test('takes any iterable, and makes no group of nothing', () => {
    expect(groupBy(new Set<number>(), item => item)).toEqual(new Map())
    expect([...groupBy(new Set([1, 2, 3]), item => item % 2)]).toEqual([
      [1, [1, 3]],
      [0, [2]],
    ])
  })
})
