import { assert } from './assert.ts'

/** A first-in first-out queue of at most `capacity` items, in a ring: no shifting, no growth. */
export class BoundedQueue<T> {
  readonly capacity: number
  #ring: (T | undefined)[]
  #head = 0
  #size = 0

  constructor(capacity: number) {
    assert(Number.isSafeInteger(capacity) && capacity > 0, 'a queue needs room for at least one item', { capacity })
    this.capacity = capacity
    this.#ring = new Array(Math.min(capacity, 16))
  }

  get size(): number {
    return this.#size
  }

  /** False, and nothing taken, if the queue is full. */
  push(item: T): boolean {
    if (this.#size === this.capacity) return false
    if (this.#size === this.#ring.length) this.#grow()
    this.#ring[(this.#head + this.#size) % this.#ring.length] = item
    this.#size++
    return true
  }

  peek(): T | undefined {
    return this.#size === 0 ? undefined : this.#ring[this.#head]
  }

  shift(): T | undefined {
    if (this.#size === 0) return undefined
    const item = this.#ring[this.#head]
    this.#ring[this.#head] = undefined
    this.#head = (this.#head + 1) % this.#ring.length
    this.#size--
    return item
  }

  #grow(): void {
    const ring: (T | undefined)[] = new Array(Math.min(this.capacity, this.#ring.length * 2))
    for (let index = 0; index < this.#size; index++) ring[index] = this.#ring[(this.#head + index) % this.#ring.length]
    this.#ring = ring
    this.#head = 0
  }
}
