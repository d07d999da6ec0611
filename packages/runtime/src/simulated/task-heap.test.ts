import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Task, TaskHeap } from './task-heap.ts'

const taskAt = (atMs: number, rank: number) => new Task(atMs, rank, 'test', null, () => {})

function shiftAll(heap: TaskHeap): Task[] {
  const tasks: Task[] = []
  for (let task = heap.shiftDue(Number.POSITIVE_INFINITY); task !== null; task = heap.shiftDue(Number.POSITIVE_INFINITY)) tasks.push(task)
  return tasks
}

describe('TaskHeap', () => {
  test('gives tasks back by moment, then by rank', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(20), fc.nat(5)), { maxLength: 100 }), entries => {
        const heap = new TaskHeap()
        for (const [atMs, rank] of entries) heap.push(taskAt(atMs, rank))
        const got = shiftAll(heap).map(task => [task.atMs, task.rank])
        expect(got).toEqual([...entries].sort((left, right) => left[0] - right[0] || left[1] - right[1]))
      }),
    )
  })

  test('holds back what is not due', () => {
    const heap = new TaskHeap()
    heap.push(taskAt(10, 0))
    expect(heap.shiftDue(9)).toBeNull()
    expect(heap.shiftDue(10)?.atMs).toBe(10)
    expect(heap.peek()).toBeNull()
  })

  test('forgets cancelled tasks and those of dead owners, however many', () => {
    const heap = new TaskHeap()
    const owner = { name: 'owner', alive: true }
    const kept: number[] = []
    for (let index = 0; index < 10_000; index++) {
      const atMs = (index * 7919) % 10_007
      const task = new Task(atMs, 0, 'test', index % 3 === 0 ? owner : null, () => {})
      heap.push(task)
      if (index % 3 === 1) task.cancel()
      if (index % 3 === 2) kept.push(atMs)
    }
    owner.alive = false
    expect(shiftAll(heap).map(task => task.atMs)).toEqual(kept.sort((left, right) => left - right))
  })

  test('a task runs once', () => {
    let runs = 0
    const task = new Task(0, 0, 'test', null, () => runs++)
    task.run()
    task.run()
    expect(runs).toBe(1)
    expect(task.pending).toBe(false)
  })
})
