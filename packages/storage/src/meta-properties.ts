import {
  type Files,
  KafkaError,
  parentOf,
  parseProperties,
  readWholeFile,
  replaceFile,
  StorageError,
  type Uuid,
  type World,
} from '@logwerk/runtime'

const META_FILE = 'meta.properties'
/** Taken before anything else is looked at: a new directory holds it too. */
export const LOCK_FILE = '.lock'

/** Whose a data directory is: Kafka's `meta.properties`. */
export interface MetaProperties {
  readonly clusterId: Uuid
  readonly directoryId: Uuid
  /** Nothing was there before. */
  readonly isNew: boolean
}

/** Creates a data directory where there is none, so that a power cut does not take it away again with everything in it. */
export function makeDataDirectory(files: Files, path: string): void {
  if (files.info(path)?.kind === 'file') {
    throw new KafkaError('INVALID_CONFIG', `${path} is a file, and a data directory is wanted; choose another path`, { at: { path } })
  }
  if (files.info(`${path}/${META_FILE}`) !== null) return
  const missing = new Set<string>()
  for (let at = path; files.info(at) === null && at !== parentOf(at); at = parentOf(at)) missing.add(at)
  files.makeDirectory(path)
  // Those that are there already too: a process that was killed at this very place may have made them.
  for (let at = path; at !== parentOf(at); at = parentOf(at)) {
    try {
      files.syncDirectoryNow(parentOf(at))
    } catch (error) {
      // What others made may lie where we are not allowed to look.
      if (missing.has(at) || !(error instanceof StorageError)) throw error
    }
  }
}

/**
 * Reads what a data directory says of itself, or gives a new one its identity.
 *
 * @param givenClusterId  For a directory that is new; an old one keeps its own.
 * @throws KafkaError `INVALID_CONFIG` if the directory is another node's or holds something else, `CORRUPT_LOG` if the file is damaged.
 */
export function readMeta({ files, random }: World, directory: string, nodeId: number, givenClusterId: Uuid | undefined): MetaProperties {
  const path = `${directory}/${META_FILE}`
  if (files.info(path) === null) {
    // Half a directory is no new one: without its identity we would take somebody else's data for ours.
    const foreign = files.list(directory).filter(name => !name.startsWith(LOCK_FILE) && name !== `${META_FILE}.tmp`)
    if (foreign.length > 0) {
      throw new KafkaError(
        'INVALID_CONFIG',
        `${directory} is neither empty nor a data directory (it has no ${META_FILE} and holds ${foreign.slice(0, 3).join(', ')}); choose another directory`,
        { at: { path: directory } },
      )
    }
    const clusterId = givenClusterId ?? random.uuid()
    const directoryId = random.uuid()
    const text = `#\nversion=1\ncluster.id=${clusterId}\nnode.id=${nodeId}\ndirectory.id=${directoryId}\n`
    replaceFile(files, path, Buffer.from(text))
    return { clusterId, directoryId, isNew: true }
  }
  const properties = parseProperties(Buffer.from(readWholeFile(files, path)).toString('utf8'))
  const clusterId = properties['cluster.id']
  const directoryId = properties['directory.id']
  if (properties['version'] !== '1' || clusterId === undefined || directoryId === undefined) {
    throw new KafkaError(
      'CORRUPT_LOG',
      `${path} is damaged: version 1, cluster.id and directory.id are expected; restore it from a backup`,
      { at: { path } },
    )
  }
  if (Number(properties['node.id']) !== nodeId) {
    throw new KafkaError('INVALID_CONFIG', `${path} belongs to node ${properties['node.id']}, and this is node ${nodeId}`, {
      at: { path },
    })
  }
  return { clusterId, directoryId, isNew: false }
}
