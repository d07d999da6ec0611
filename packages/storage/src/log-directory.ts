import { assert, type Lock, messageOf, readWholeFile, replaceFile, StorageError, type Timer, type Uuid, type World } from '@logwerk/runtime'
import type { Log } from './log.ts'
import type { LogConfig } from './log-config.ts'
import { LOCK_FILE, makeDataDirectory, readMeta } from './meta-properties.ts'
import { OffsetCheckpoint } from './offset-checkpoint.ts'
import { openLog } from './open-log.ts'
import { isOutOfHandles, isOutOfRoom } from './shortage.ts'

const CLEAN_SHUTDOWN_FILE = '.kafka_cleanshutdown'
const RECOVERY_POINTS_FILE = 'recovery-point-offset-checkpoint'
const LOG_STARTS_FILE = 'log-start-offset-checkpoint'
const PARTITION_METADATA_FILE = 'partition.metadata'
const DELETED_SUFFIX = '-delete'
const STRAY_SUFFIX = '-stray'

/** The longest name that the usual file systems take. */
const MAX_NAME_BYTES = 255

/** Kafka checkpoints its recovery points once a minute. */
const CHECKPOINT_INTERVAL_MS = 60_000

export interface LogDirectoryOptions {
  readonly path: string
  readonly nodeId: number
  /** For a directory that is new; an old one keeps its own. */
  readonly clusterId?: Uuid
}

export interface PartitionOptions {
  readonly topic: string
  readonly partition: number
  /** Ties the directory to this topic, not to a later one of the same name. */
  readonly topicId: Uuid
  readonly config: LogConfig
}

/**
 * The data directory: the logs of all partitions, what is known of them between starts, and the lock that keeps a second process out.
 * Laid out as Kafka lays out a log dir. Source: Kafka's `LogManager`.
 */
export class LogDirectory {
  readonly path: string
  readonly clusterId: Uuid
  readonly directoryId: Uuid
  /** True if the process before closed the directory, or there was none. */
  readonly cleanShutdown: boolean
  readonly #world: World
  readonly #lock: Lock
  readonly #logs = new Map<string, Log>()
  readonly #recoveryPoints: OffsetCheckpoint
  readonly #logStarts: OffsetCheckpoint
  /** Partitions whose logs the process before did not close and this one has not opened. */
  readonly #unchecked: Set<string>
  #timer: Timer | null = null
  #closing: Promise<void> | null = null
  #removals = new Set<Promise<void>>()

  private constructor(world: World, lock: Lock, options: LogDirectoryOptions) {
    const { files } = world
    this.#world = world
    this.#lock = lock
    this.path = options.path
    const meta = readMeta(world, options.path, options.nodeId, options.clusterId)
    this.clusterId = meta.clusterId
    this.directoryId = meta.directoryId
    const marker = this.#file(CLEAN_SHUTDOWN_FILE)
    const isNew = meta.isNew
    this.cleanShutdown = isNew || files.info(marker) !== null
    this.#recoveryPoints = OffsetCheckpoint.open(world, this.#file(RECOVERY_POINTS_FILE), 'every log is checked from its beginning')
    this.#logStarts = OffsetCheckpoint.open(world, this.#file(LOG_STARTS_FILE), 'deleted records of the oldest segments may be seen again')
    this.#unchecked = new Set(this.cleanShutdown ? [] : files.list(this.path).filter(name => this.#isPartition(name)))
    // From here on a crash is a crash.
    files.remove(marker)
    files.syncDirectoryNow(this.path)
    for (const name of files.list(this.path)) if (DELETED_PARTITION.test(name)) this.#removeLater(this.#file(name))
    this.#scheduleCheckpoint()
  }

  /**
   * Opens a data directory, or begins one.
   *
   * @throws KafkaError `DIRECTORY_LOCKED` if another process has it open, `CORRUPT_LOG` or `INVALID_CONFIG` if its files say that it
   *         is no data directory of this node, `STORAGE_ERROR` if the operating system refuses.
   */
  static open(world: World, options: LogDirectoryOptions): LogDirectory {
    makeDataDirectory(world.files, options.path)
    const lock = world.files.lock(`${options.path}/${LOCK_FILE}`)
    try {
      return new LogDirectory(world, lock, options)
    } catch (error) {
      lock.release()
      throw error
    }
  }

  get logs(): Iterable<Log> {
    return this.#logs.values()
  }

  /** The open log of a partition. */
  log(topic: string, partition: number): Log | undefined {
    return this.#logs.get(`${topic}-${partition}`)
  }

  /**
   * Opens a partition's log, or begins one. A directory that belongs to an earlier topic of the same name is put aside. A log that is
   * damaged is opened for reading; its `fence` says why.
   */
  openPartition(options: PartitionOptions): Log {
    const name = `${options.topic}-${options.partition}`
    assert(!this.#logs.has(name) && this.#closing === null, 'a partition is opened once, in a directory that is open', { name })
    const directory = this.#file(name)
    const { files } = this.#world
    const storedId = this.#topicIdOf(directory)
    if (storedId !== null && storedId !== options.topicId) {
      this.#world.log.warn('a directory belongs to a deleted topic of the same name; it is removed', { directory })
      this.#discard(name)
    }
    const isNew = files.info(directory) === null
    // Of a topic that was deleted shortly before a crash: the new one's records must not be measured by them.
    if (isNew) this.#forget(name)
    files.makeDirectory(directory)
    if (isNew || storedId !== options.topicId) {
      replaceFile(files, `${directory}/${PARTITION_METADATA_FILE}`, Buffer.from(`version: 0\ntopic_id: ${options.topicId}`))
      files.syncDirectoryNow(this.path)
    }
    const log = openLog(this.#world, {
      directory,
      topic: options.topic,
      partition: options.partition,
      config: options.config,
      cleanShutdown: this.cleanShutdown || isNew,
      recoveryPoint: this.#recoveryPoints.get(name) ?? 0,
      logStartOffset: this.#logStarts.get(name) ?? 0,
    })
    this.#logs.set(name, log)
    this.#unchecked.delete(name)
    if (log.fence !== null) this.#world.log.error('a log is damaged; it can be read up to there and not written', { error: log.fence })
    return log
  }

  /** The topic that the directory of this partition belongs to, open or not; null if there is none. */
  storedTopicId(topic: string, partition: number): Uuid | null {
    return this.#topicIdOf(this.#file(`${topic}-${partition}`))
  }

  /** Takes a partition away: at once by its name, its files in the background. */
  deletePartition(topic: string, partition: number): void {
    const name = `${topic}-${partition}`
    this.#logs.get(name)?.abandon()
    this.#logs.delete(name)
    this.#unchecked.delete(name)
    this.#discard(name)
    try {
      this.#forget(name)
    } catch (error) {
      // A full disk is what topics are deleted for. A partition of the same name forgets it before it begins.
      if (!isOutOfRoom(error) && !isOutOfHandles(error)) throw error
    }
  }

  /**
   * Puts aside what no topic owns, when all partitions of the known topics are open: a crash while a topic was created or deleted leaves
   * such directories. Their data stays, under Kafka's suffix `-stray`, to be looked at and removed by hand. Without this call the
   * directory is never marked as properly shut down again: nobody has checked what is in them.
   */
  putStraysAside(): void {
    const { files, log } = this.#world
    const strays = files.list(this.path).filter(name => !this.#logs.has(name) && this.#isPartition(name))
    for (const name of strays) {
      try {
        const aside = this.#rename(name, STRAY_SUFFIX)
        this.#unchecked.delete(name)
        log.warn('a partition belongs to no topic; it was put aside and can be removed', { partition: name, path: aside })
        this.#forget(name)
      } catch (error) {
        if (!(error instanceof StorageError)) throw error
        log.warn('a partition belongs to no topic and could not be put aside', { path: this.#file(name), error })
      }
    }
    if (strays.length > 0) files.syncDirectoryNow(this.path)
  }

  /** Writes down how far each log is on the disk, and where it begins. Durable when it returns. */
  checkpoint(): void {
    this.#recoveryPoints.update([...this.#logs].map(([name, log]) => [name, log.recoveryPoint]))
    this.checkpointLogStarts()
  }

  /** Makes new log starts durable; then the segments below them may go. */
  checkpointLogStarts(): void {
    this.#logStarts.update([...this.#logs].map(([name, log]) => [name, log.logStartOffset]))
    for (const log of this.#logs.values()) log.deleteOldSegments()
  }

  /**
   * Closes every log and marks the directory as properly shut down. Idempotent: every call settles when the first one does.
   *
   * @throws StorageError if that cannot be written down; the lock is released all the same, and the next start checks every log.
   */
  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    this.#timer?.cancel()
    let clean = this.#unchecked.size === 0
    for (const log of this.#logs.values()) {
      try {
        await log.close()
      } catch (error) {
        clean = false
        const { topic, partition } = log
        this.#world.log.error('a log could not be closed; it will be checked at the next start', { topic, partition, error })
      }
      if (log.fence !== null) clean = false
    }
    await Promise.all(this.#removals)
    try {
      this.checkpoint()
      if (clean) replaceFile(this.#world.files, this.#file(CLEAN_SHUTDOWN_FILE), Buffer.from('{"version":0,"brokerEpoch":-1}'))
    } finally {
      this.#lock.release()
    }
  }

  #scheduleCheckpoint(): void {
    this.#timer = this.#world.clock.setTimer(
      CHECKPOINT_INTERVAL_MS,
      () => {
        try {
          this.checkpoint()
        } catch (error) {
          this.#world.log.warn('the checkpoint could not be written; the next start may take longer', { error: messageOf(error) })
        }
        this.#scheduleCheckpoint()
      },
      { background: true },
    )
  }

  #file(name: string): string {
    return `${this.path}/${name}`
  }

  #topicIdOf(directory: string): Uuid | null {
    const path = `${directory}/${PARTITION_METADATA_FILE}`
    if (this.#world.files.info(path) === null) return null
    const text = Buffer.from(readWholeFile(this.#world.files, path)).toString('utf8')
    return /^topic_id: ([\w-]{22})$/m.exec(text)?.[1] ?? null
  }

  /** True for a directory that is called like a partition's and holds nothing else than a partition does. */
  #isPartition(name: string): boolean {
    const { files } = this.#world
    if (!/.-\d+$/.test(name) || files.info(this.#file(name))?.kind !== 'directory') return false
    return files.list(this.#file(name)).every(file => PARTITION_FILE.test(file))
  }

  #discard(name: string): void {
    const { files } = this.#world
    if (files.info(this.#file(name)) === null) return
    const doomed = this.#rename(name, DELETED_SUFFIX)
    files.syncDirectoryNow(this.path)
    this.#removeLater(doomed)
  }

  /** Gives a partition's directory a name that no partition has: `topic-partition.id-suffix`, with as much of the topic as fits. */
  #rename(name: string, suffix: string): string {
    const { files, random } = this.#world
    const end = `${name.slice(name.lastIndexOf('-'))}.${random.uuid().replaceAll('-', '0')}${suffix}`
    const aside = this.#file(`${name.slice(0, name.lastIndexOf('-')).slice(0, MAX_NAME_BYTES - end.length)}${end}`)
    files.rename(this.#file(name), aside)
    return aside
  }

  #removeLater(path: string): void {
    const removal = this.#world.files
      .removeTree(path)
      .catch(error => this.#world.log.warn('a deleted partition could not be removed; the next start tries again', { path, error }))
      .finally(() => this.#removals.delete(removal))
    this.#removals.add(removal)
  }

  /** Takes a partition out of the checkpoint files. */
  #forget(name: string): void {
    this.#recoveryPoints.forget(name)
    this.#logStarts.forget(name)
  }
}

/** What {@link LogDirectory} and Kafka call a partition that is being removed: nothing else may fall to that. */
const DELETED_PARTITION = /^.+-\d+\.\w+-delete$/

/** Files of a partition, ours and Kafka's. */
const PARTITION_FILE = /^(\d{20}[.-].*|leader-epoch-checkpoint.*|partition\.metadata.*|sync-failed|quorum-state.*)$/
