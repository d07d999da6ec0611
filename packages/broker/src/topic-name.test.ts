import { describe, expect, test } from 'vitest'
import { metricNameOf, TopicNameIndex, topicNameComplaint } from './topic-name.ts'

describe('topicNameComplaint', () => {
  test.each(['a', 'A.b_c-9', '...', '__consumer_offsets', 'x'.repeat(249)])('%j may be a topic', name => {
    expect(topicNameComplaint(name)).toBeNull()
  })

  test.each([
    ['', 'a topic name cannot be empty'],
    ['.', 'a topic cannot be called "."'],
    ['..', 'a topic cannot be called ".."'],
    ['x'.repeat(250), 'a topic name has at most 249 characters, not 250'],
    ['a b', 'the topic name "a b" may hold only ASCII letters and digits, ".", "_" and "-"'],
    ['../etc/passwd', 'the topic name "../etc/passwd" may hold only ASCII letters and digits, ".", "_" and "-"'],
    ['größe', 'the topic name "größe" may hold only ASCII letters and digits, ".", "_" and "-"'],
    ['a\n', 'the topic name "a\n" may hold only ASCII letters and digits, ".", "_" and "-"'],
  ])('%j may not', (name, complaint) => {
    expect(topicNameComplaint(name)).toBe(complaint)
  })
})

describe('names that are the same to metrics', () => {
  test.each([
    ['a.b', ['a_b'], 'a_b'],
    ['a_b', ['x', 'a.b'], 'a.b'],
    ['a.b_c', ['a_b.c'], 'a_b.c'],
    ['a.b', ['a.b'], null],
    ['ab', ['a.b'], null],
    ['a-b', ['a_b'], null],
  ])('%s among %j: %s', (name, existing, expected) => {
    const index = new TopicNameIndex(metricNameOf)
    for (const other of existing) index.add(other)
    expect(index.twinOf(name)).toBe(expected)
    for (const other of existing) index.delete(other)
    expect(index.twinOf(name)).toBeNull()
  })
})
