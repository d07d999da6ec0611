import { type Logger, messageOf } from '@logwerk/runtime'
import type { ProducerOptions } from './producer-api.ts'
import type { DeliveryCallback } from './record.ts'
import { catchLater, tell } from './tell.ts'

export type OnDeliveryError = NonNullable<ProducerOptions<never, never>['onDeliveryError']>

/** Who hears of records that were not delivered: their callback, else the user's `onDeliveryError`, else the log. */
export class DeliveryReports {
  readonly #onDeliveryError: OnDeliveryError | null
  readonly #log: Logger

  constructor(onDeliveryError: OnDeliveryError | null, log: Logger) {
    this.#onDeliveryError = onDeliveryError
    this.#log = log
  }

  /** A record came into no batch. `partition` -1: none was chosen. */
  undelivered(callback: DeliveryCallback | null, error: Error, topic: string, partition: number): void {
    if (callback === null) return this.unheard(error, { topic, partition, recordCount: 1 })
    tell(callback, error, null, this.onCallbackThrown)
  }

  /** Records without a callback were not delivered. */
  unheard(error: Error, lost: Parameters<OnDeliveryError>[1]): void {
    if (this.#onDeliveryError === null) return this.#log.error('records were not delivered', { ...lost, error: messageOf(error) })
    const onThrown = (thrown: unknown) => this.#thrown('onDeliveryError', thrown)
    try {
      catchLater(this.#onDeliveryError(error, lost), onThrown)
    } catch (thrown) {
      onThrown(thrown)
    }
  }

  /** For whoever calls delivery callbacks. */
  readonly onCallbackThrown = (error: unknown): void => this.#thrown('a delivery callback', error)

  /** What a listener of the user's throws must not keep the others from hearing. */
  #thrown(who: string, error: unknown): void {
    this.#log.error(`${who} threw`, { error: messageOf(error) })
  }
}
