import { type ClassicGroup, type EncodedGroupRecord, encodeGroupRecord, type Outcome } from '@logwerk/coordinator'
import { messageOf, type World } from '@logwerk/runtime'
import { type CoordinatorCode, coordinatorCodeOf } from './coordinator-code.ts'
import { type FiredTimer, GroupTimers } from './group-timers.ts'

/** One event of a group, and what becomes of it. */
export interface Job {
  /** The step; pure, because it may run again: see {@link GroupRunner}. */
  readonly run: (group: ClassicGroup | null, nowMs: number) => Outcome
  /** The outcome holds. */
  readonly accepted: (outcome: Outcome) => void
  /** The step did not happen. */
  readonly refused: (code: CoordinatorCode) => void
  /** Set for the end of a timer. */
  readonly fired?: FiredTimer
}

export interface GroupRunnerOptions {
  readonly world: World
  readonly append: (groupId: string, records: readonly EncodedGroupRecord[]) => Promise<void>
  /** What the group does when a timer ends. */
  readonly jobOfTimer: (groupId: string, fired: FiredTimer) => Job
  /** Nothing is left to do. */
  readonly onRest: (runner: GroupRunner) => void
}

interface Turn {
  readonly done: readonly { readonly job: Job; readonly outcome: Outcome }[]
  readonly records: readonly EncodedGroupRecord[]
  readonly group: ClassicGroup | null
}

/** Records that go into one batch; a step whose records are more has a batch of its own. */
const MAX_BATCH_BYTES = 1 << 20
/** How soon a timer whose step the log refused is tried again. */
const RETRY_MS = 1000

/**
 * Runs the steps of one group, strictly in the order of its events. A turn takes all events that wait, runs them one upon the other,
 * appends their records as one batch, and only when the log has accepted it do the new group, the timers and the answers come to be. If
 * the log refuses, the turn has not happened: groups are never changed in place, so the old one simply stays.
 *
 * Kafka applies a step at once and reverts it when the write fails, with a snapshot of every data structure; here nothing that is not
 * durable is ever seen, and there is nothing to revert. The price is that events wait while their group's records are written; they
 * then share the next write.
 */
export class GroupRunner {
  readonly groupId: string
  readonly #options: GroupRunnerOptions
  readonly #timers: GroupTimers
  readonly #jobs: Job[] = []
  #group: ClassicGroup | null
  #running = false

  constructor(groupId: string, group: ClassicGroup | null, options: GroupRunnerOptions) {
    this.groupId = groupId
    this.#group = group
    this.#options = options
    this.#timers = new GroupTimers(options.world.clock, fired => this.submit(options.jobOfTimer(groupId, fired)))
  }

  /** The group as the log has it; null if there is none. */
  get group(): ClassicGroup | null {
    return this.#group
  }

  submit(job: Job): void {
    this.#jobs.push(job)
    if (!this.#running) void this.#run()
  }

  async #run(): Promise<void> {
    this.#running = true
    while (this.#jobs.length > 0) {
      const turn = this.#take()
      if (turn.records.length > 0) {
        try {
          await this.#options.append(this.groupId, turn.records)
        } catch (error) {
          this.#refuse(turn, error)
          continue
        }
      }
      this.#accept(turn)
    }
    this.#running = false
    this.#options.onRest(this)
  }

  #take(): Turn {
    const { clock } = this.#options.world
    const done: { readonly job: Job; readonly outcome: Outcome }[] = []
    const records: EncodedGroupRecord[] = []
    let group = this.#group
    let sizeBytes = 0
    for (let job = this.#jobs[0]; job !== undefined; job = this.#jobs[0]) {
      // Whether a timer still counts is known only when the steps before it have set theirs.
      if (job.fired !== undefined && done.length > 0) break
      if (job.fired?.isCurrent() === false) {
        this.#jobs.shift()
        continue
      }
      const step = this.#step(job, group, clock.nowMs())
      if (step === null) {
        this.#jobs.shift()
        job.refused('UNKNOWN_SERVER_ERROR')
        continue
      }
      // It comes again at the head of the next turn: a step that is too large for the log must take no other down with it.
      if (records.length > 0 && step.records.length > 0 && sizeBytes + step.sizeBytes > MAX_BATCH_BYTES) break
      this.#jobs.shift()
      done.push({ job, outcome: step.outcome })
      for (const record of step.records) records.push(record)
      sizeBytes += step.sizeBytes
      group = step.outcome.group
    }
    return { done, records, group }
  }

  #step(job: Job, group: ClassicGroup | null, nowMs: number) {
    try {
      const outcome = job.run(group, nowMs)
      const records = outcome.records.map(encodeGroupRecord)
      return { outcome, records, sizeBytes: records.reduce((sum, { key, value }) => sum + key.length + (value?.length ?? 0), 0) }
    } catch (error) {
      this.#options.world.log.error('a group failed', {
        group: this.groupId,
        error: error instanceof Error ? error.stack : messageOf(error),
      })
      return null
    }
  }

  #accept({ done, group }: Turn): void {
    const { log } = this.#options.world
    this.#group = group
    for (const { job, outcome } of done) {
      if (job.fired !== undefined) this.#timers.change({ timer: job.fired.name, delayMs: null })
      for (const change of outcome.timers) this.#timers.change(change)
      for (const { level, message, fields } of outcome.log) log[level](message, fields)
      job.accepted(outcome)
    }
    if (group === null || group.state === 'dead') this.#timers.cancelAll()
  }

  #refuse({ done }: Turn, error: unknown): void {
    this.#options.world.log.error('the log refused the records of a group; what they stood for has not happened', {
      group: this.groupId,
      error,
    })
    for (const { job } of done) {
      job.refused(coordinatorCodeOf(error))
      if (job.fired !== undefined) this.#timers.change({ timer: job.fired.name, delayMs: RETRY_MS })
    }
  }
}
