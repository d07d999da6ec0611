import { isThenable } from '@logwerk/serde'
import type { DeliveryCallback, RecordMetadata } from './record.ts'

/** Hears of what a delivery callback threw: one that fails must not keep the others from being called. */
export type OnThrown = (error: unknown) => void

/** Calls a delivery callback; what it throws, or rejects with if it is asynchronous, goes to `onThrown`. */
export function tell(callback: DeliveryCallback, error: Error | null, metadata: RecordMetadata | null, onThrown: OnThrown): void {
  try {
    catchLater(callback(error, metadata), onThrown)
  } catch (thrown) {
    onThrown(thrown)
  }
}

/** An async function fits where one without an answer is asked for, and its rejection would be nobody's. */
export function catchLater(answer: unknown, onThrown: OnThrown): void {
  if (isThenable(answer)) answer.then(undefined, onThrown)
}
