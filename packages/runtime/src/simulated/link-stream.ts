import { ByteQueue } from '../byte-queue.ts'
import type { ConnectionEnd } from '../connection-end.ts'
import { type Random, randomBelow } from '../random.ts'
import { delayWithin } from './delay-range.ts'
import type { NetworkSettings } from './network.ts'
import type { ProcessCore } from './process.ts'
import type { Scheduler } from './scheduler.ts'

/** A side of a connection. */
export interface Party {
  readonly end: ConnectionEnd
  readonly process: ProcessCore
}

/** `opened`: the server has accepted. `end`: nothing more comes. `reset`: the sender is gone; null says so without an error. */
export type Packet =
  | { readonly kind: 'opened' }
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  | { readonly kind: 'end' }
  | { readonly kind: 'reset'; readonly error: Error | null }

/** What a stream needs to know of the connection it belongs to. */
export interface StreamHost {
  readonly scheduler: Scheduler
  readonly random: Random
  readonly settings: NetworkSettings
  /** True while packets to that side do not arrive. */
  readonly isBlocked: (to: Party) => boolean
  /** Packets that are not bytes, and those for a side that is closed or gone. */
  readonly onPacket: (packet: Packet, to: Party) => void
  /** Something may have closed. */
  readonly onChange: () => void
}

/**
 * One direction of a simulated connection: from the sender's queue in pieces into the air, and after a delay into the receiver's
 * system, which keeps them until they are read. Order is kept throughout.
 */
export class LinkStream {
  readonly #host: StreamHost
  readonly #from: Party
  readonly #to: Party
  #inAir: Packet[] = []
  #bytesInAir = 0
  readonly #arrived = new ByteQueue()
  #endArrived = false
  #lastArrivalMs = 0
  #sending = false
  #reading = false
  /** Packets whose time came while the way was blocked. */
  #heldCount = 0
  /** Grows when everything in the air is lost: arrivals planned before that are void. */
  #generation = 0

  constructor(host: StreamHost, from: Party, to: Party) {
    this.#host = host
    this.#from = from
    this.#to = to
  }

  /** The sender has written or closed. */
  flush(): void {
    if (this.#sending) return
    this.#sending = true
    this.#host.scheduler.schedule(0, 'send', this.#from.process, () => {
      this.#sending = false
      this.#send()
    })
  }

  /** The receiver takes bytes again. */
  readable(): void {
    if (this.#reading || (this.#arrived.byteCount === 0 && !this.#endArrived)) return
    this.#reading = true
    this.#host.scheduler.schedule(0, 'read', this.#to.process, () => {
      this.#reading = false
      this.#read()
    })
  }

  /** Sends a packet behind all others. */
  post(packet: Packet): void {
    const { scheduler, settings, random } = this.#host
    this.#lastArrivalMs = Math.max(this.#lastArrivalMs, scheduler.nowMs + delayWithin(settings.delay, random))
    this.#inAir.push(packet)
    this.#expect(this.#lastArrivalMs - scheduler.nowMs)
  }

  /** Loses what is in the air or unread, but for the news that the connection is open: whoever connects hears of that before its end. */
  lose(): void {
    const opened = this.#inAir.find(packet => packet.kind === 'opened')
    this.loseAll()
    if (opened !== undefined) this.post(opened)
  }

  loseAll(): void {
    this.#inAir = []
    this.#bytesInAir = 0
    this.#arrived.clear()
    this.#endArrived = false
    this.#heldCount = 0
    this.#generation++
  }

  /** The way is free again. */
  release(): void {
    if (this.#heldCount === 0 || this.#host.isBlocked(this.#to)) return
    const { settings, random } = this.#host
    const delayMs = delayWithin(settings.delay, random)
    for (; this.#heldCount > 0; this.#heldCount--) this.#expect(delayMs)
  }

  #expect(delayMs: number): void {
    const generation = this.#generation
    this.#host.scheduler.schedule(delayMs, 'packet', null, () => {
      if (generation === this.#generation) this.#arrive()
    })
  }

  #send(): void {
    const { outgoing } = this.#from.end
    const { settings, random } = this.#host
    for (;;) {
      const room = settings.windowBytes - this.#bytesInAir - this.#arrived.byteCount
      if (room <= 0 || outgoing.byteCount === 0) break
      const bytes = outgoing.take(Math.min(room, outgoing.byteCount, pieceBytes(settings.maxPieceBytes, random)))
      this.#bytesInAir += bytes.length
      this.post({ kind: 'bytes', bytes })
    }
    this.#from.end.drained()
    if (this.#from.end.canSendEnd) {
      this.post({ kind: 'end' })
      this.#from.end.sentEnd()
    }
    this.#host.onChange()
  }

  /** One packet arrives: the oldest, whichever was meant, since tasks of one moment run in any order and packets do not. */
  #arrive(): void {
    if (this.#host.isBlocked(this.#to)) {
      this.#heldCount++
      return
    }
    const packet = this.#inAir.shift()
    if (packet === undefined) return
    if (packet.kind === 'bytes') this.#bytesInAir -= packet.bytes.length
    const isGone = this.#to.end.closed || !this.#to.process.alive
    if (isGone || packet.kind === 'opened' || packet.kind === 'reset') this.#host.onPacket(packet, this.#to)
    else if (packet.kind === 'bytes') this.#arrived.push(packet.bytes)
    else this.#endArrived = true
    this.#read()
  }

  #read(): void {
    this.#to.process.enter(() => this.#to.end.deliver(this.#arrived, this.#arrived.byteCount))
    if (this.#endArrived && this.#arrived.byteCount === 0) {
      this.#endArrived = false
      this.#to.end.receivedEnd()
    }
    if (this.#from.end.queuedBytes > 0) this.flush()
    this.#host.onChange()
  }
}

/** As many sizes near one byte as near the largest: readers see headers cut in the middle, and whole requests at once. */
function pieceBytes(maxPieceBytes: number, random: Random): number {
  const bits = randomBelow(random, Math.ceil(Math.log2(maxPieceBytes)) + 1)
  return Math.min(maxPieceBytes, 1 + randomBelow(random, 2 ** bits))
}
