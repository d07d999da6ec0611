/**
 * The layers of ARCHITECTURE.md, lowest first. A package may depend only on packages of a lower layer: never up, never
 * sideways, devDependencies included. Think hard before changing this table; change ARCHITECTURE.md with it.
 */
export const LAYERS = [
  ['runtime'],
  ['protocol', 'serde', 'partitioner', 'assignor'],
  ['compression', 'storage', 'client', 'coordinator', 'schema-registry'],
  ['serde-bytes', 'serde-json', 'serde-avro', 'producer', 'consumer', 'admin', 'broker'],
  ['registry', 'connect', 'streams'],
  ['testing', 'console'],
  ['cli'],
  ['logwerk'],
]

/** Never published; they and the examples may import every published package, and nothing imports them. */
export const PRIVATE = ['simulation', 'demo', 'interop', 'bench']

/** Packages whose subject is the outside world, so that they reach it directly. */
export const OUTSIDE_WORLD = ['interop', 'bench', 'demo']

/** The only sources of the other packages that do, as the beginnings of their paths. The tests of `runtime` may too. */
export const DOORS = [
  'packages/runtime/src/node/',
  // Virtual time, but between two steps every promise has to settle, and only a turn of the real event loop waits for that.
  'packages/runtime/src/simulated/scheduler.ts',
]

/**
 * @param {string} packageName  `@logwerk/protocol`, `logwerk`
 * @returns {string | null}     The folder under `packages/`, or null when the package is not one of ours.
 */
export function folderOf(packageName) {
  if (packageName === 'logwerk') return 'logwerk'
  return packageName.startsWith('@logwerk/') ? packageName.slice('@logwerk/'.length) : null
}

/**
 * @param {string} folder
 * @returns {number}  -1 when it has no layer.
 */
export function layerOf(folder) {
  return LAYERS.findIndex(layer => layer.includes(folder))
}
