import type { JoinGroupResponseInput, SyncGroupResponseInput } from '@logwerk/protocol'
import type { LogFields, LogLevel } from '@logwerk/runtime'
import type { ClassicGroup, Ticket } from './classic-group.ts'
import type { GroupRecord } from './group-records.ts'

/** What the broker's options say about groups. */
export interface GroupRules {
  /** `group.initial.rebalance.delay.ms` */
  readonly initialRebalanceDelayMs: number
  /** `group.min.session.timeout.ms` */
  readonly minSessionTimeoutMs: number
  /** `group.max.session.timeout.ms` */
  readonly maxSessionTimeoutMs: number
  /** `group.max.size` */
  readonly maxSize: number
  /** `offset.metadata.max.bytes`; counted in UTF-16 units, as Java counts. */
  readonly offsetMetadataMaxBytes: number
  /** `offsets.retention.minutes` in milliseconds. */
  readonly offsetsRetentionMs: number
}

/**
 * A timer of a group: the rebalance's wait for joins, its wait for syncs, or the session of one member. Setting one that runs sets it
 * anew. Delays are relative, because sessions must not notice when the machine's clock is set.
 */
export type TimerName = 'join' | 'sync' | `session ${string}`

/** Sets a timer, or cancels it with a delay of null. */
export interface TimerChange {
  readonly timer: TimerName
  readonly delayMs: number | null
}

/** The answer to a JoinGroup request, at once or long after it came. */
export interface JoinAnswer {
  readonly ticket: Ticket
  readonly response: JoinGroupResponseInput
}

export interface SyncAnswer {
  readonly ticket: Ticket
  readonly response: SyncGroupResponseInput
}

export interface LogLine {
  readonly level: LogLevel
  readonly message: string
  readonly fields: LogFields
}

/**
 * What an event comes to. Nothing of it has happened yet: whoever runs the step appends the records first, and then takes over the group,
 * sets the timers and sends the answers; if the log refuses, the step is dropped as if it had never been.
 */
export interface Outcome {
  /** The group from now on; null if there is none. */
  readonly group: ClassicGroup | null
  /** To append as one batch, all or none. */
  readonly records: readonly GroupRecord[]
  readonly timers: readonly TimerChange[]
  readonly joins: readonly JoinAnswer[]
  readonly syncs: readonly SyncAnswer[]
  readonly log: readonly LogLine[]
}

/** The outcome of a request that never waits, and its answer. */
export interface Step<Response> extends Outcome {
  readonly response: Response
}

/** A step that changes nothing but, maybe, timers. */
export function answered<Response>(group: ClassicGroup | null, response: Response, timers: readonly TimerChange[] = NONE): Step<Response> {
  return { group, records: NONE, timers, joins: NONE, syncs: NONE, log: NONE, response }
}

/** A step that changes the offsets only. */
export function offsetsStep<Response>(
  group: ClassicGroup | null,
  records: readonly GroupRecord[],
  response: Response,
  timers: readonly TimerChange[] = NONE,
  log: readonly LogLine[] = NONE,
): Step<Response> {
  return { group, records, timers, joins: NONE, syncs: NONE, log, response }
}

/** The timer of a member's session. */
export function sessionTimer(memberId: string): TimerName {
  return `session ${memberId}`
}

const NONE: readonly [] = []
