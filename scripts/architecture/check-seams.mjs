import { importsOf } from './imports.mjs'
import { DOORS, OUTSIDE_WORLD } from './layers.mjs'

/** @typedef {import('./tree.mjs').Package} Package */
/** @typedef {import('./tree.mjs').Source} Source */
/** @typedef {import('./finding.mjs').Finding} Finding */
/** @typedef {import('../tokenize.mjs').Token} Token */

/** Node's modules that reach outside the process or wait, and the seam that stands in for each. */
const MODULES = new Map([
  ...['net', 'tls', 'http', 'https', 'http2', 'dgram'].map(name => /** @type {const} */ ([name, 'world.network'])),
  ...['dns', 'dns/promises'].map(name => /** @type {const} */ ([name, 'world.resolve'])),
  ...['fs', 'fs/promises', 'sqlite', 'wasi'].map(name => /** @type {const} */ ([name, 'world.files'])),
  ...['timers', 'timers/promises', 'perf_hooks'].map(name => /** @type {const} */ ([name, 'world.clock'])),
  ...['worker_threads', 'child_process', 'cluster', 'inspector', 'inspector/promises', 'repl'].map(
    name => /** @type {const} */ ([name, 'a seam of the runtime package']),
  ),
  ['module', 'world.native'],
])

/** Free names that are the clock or chance wherever they stand. */
const NAMES = new Map([
  ...['setTimeout', 'setInterval', 'setImmediate', 'clearTimeout', 'clearInterval', 'clearImmediate'].map(
    name => /** @type {const} */ ([name, 'world.clock.setTimer']),
  ),
  ...['randomUUID', 'randomUUIDv7', 'randomBytes', 'randomInt', 'randomFill', 'randomFillSync', 'getRandomValues'].map(
    name => /** @type {const} */ ([name, 'world.random']),
  ),
  ...['WebSocket', 'EventSource', 'BroadcastChannel'].map(name => /** @type {const} */ ([name, 'world.network'])),
  ...['CompressionStream', 'DecompressionStream'].map(name => /** @type {const} */ ([name, 'the function whose name ends in Sync'])),
  ['createRequire', 'world.native'],
])

/** Members of globals and of Node's modules of the same name: `Date.now`, `import { hrtime } from 'node:process'`. */
const MEMBERS = new Map([
  ['Date.now', 'world.clock.nowMs'],
  ['Temporal.Now', 'world.clock.nowMs'],
  ['performance.now', 'world.clock.monotonicMs'],
  ['performance.timeOrigin', 'world.clock.nowMs'],
  ['process.hrtime', 'world.clock.monotonicMs'],
  ['process.uptime', 'world.clock.monotonicMs'],
  ['os.uptime', 'world.clock.monotonicMs'],
  ['process.getBuiltinModule', 'world.native'],
  ['process.binding', 'world.native'],
  ['process.dlopen', 'world.native'],
  ['Math.random', 'world.random'],
  ['AbortSignal.timeout', 'world.clock and an AbortController'],
  ['Atomics.wait', 'world.clock.setTimer'],
  ['Atomics.waitAsync', 'world.clock.setTimer'],
])

/** Their members are looked at by name, so they may not be taken apart, renamed or asked for a member that is not written out. */
const WATCHED = new Set(['Date', 'Temporal', 'performance', 'process', 'Math', 'AbortSignal', 'Atomics', 'globalThis', 'global'])

/**
 * Decision D1 of ARCHITECTURE.md: time, chance, sockets, files and processes enter through constructors, so that a seed
 * replays the whole product. What is banned may stand only behind the doors of `runtime`, in its tests, and where the outside
 * world is the subject.
 *
 * @param {Package} owner
 * @param {Source} source
 * @param {Token[]} code  Without comments.
 * @returns {Finding[]}
 */
export function checkSeams(owner, source, code) {
  if (mayReachOutside(owner, source)) return []
  return [...bannedModules(code), ...bannedNames(code)].map(({ line, name, instead }) => {
    return { path: source.path, line, rule: 'seam', message: `${name} reaches the outside world directly: use ${instead}` }
  })
}

/**
 * @param {Package} owner
 * @param {Source} source
 */
function mayReachOutside(owner, source) {
  if (owner.example || OUTSIDE_WORLD.includes(owner.folder)) return true
  return (owner.folder === 'runtime' && source.test) || DOORS.some(door => source.path.startsWith(door))
}

/** @typedef {{ line: number, name: string, instead: string }} Banned */

/**
 * @param {Token[]} code
 * @returns {Banned[]}
 */
function bannedModules(code) {
  return importsOf(code).flatMap(({ from, line, names, whole, dynamic }) => {
    if (from === null) return [{ line, name: 'import() of a name that is not written out', instead: "a string: import('./x.ts')" }]
    const module = from.replace(/^node:/, '')
    const instead = MODULES.get(module)
    if (instead !== undefined) return [{ line, name: `'${from}'`, instead }]
    const used = dynamic ? ['import()'] : names.filter(({ type }) => !type).map(({ name }) => name)
    return [...used, ...(whole === null ? [] : usesOf(code, whole))].flatMap(name => {
      const found = bannedMember(module, name, dynamic)
      return found === null ? [] : [{ line, name: `${name} of '${from}'`, instead: found }]
    })
  })
}

/**
 * @param {string} module
 * @param {string} name
 * @param {boolean} dynamic
 * @returns {string | null}  What to use instead.
 */
function bannedMember(module, name, dynamic) {
  if (module === 'zlib') return isSynchronousZlib(name) ? null : 'the function whose name ends in Sync'
  if (module !== 'process' && module !== 'os') return null
  return dynamic || name === '*' ? `import { x } from 'node:${module}'` : (MEMBERS.get(`${module}.${name}`) ?? null)
}

/** @param {string} name */
function isSynchronousZlib(name) {
  return name.endsWith('Sync') || name === 'constants' || name === 'crc32'
}

/**
 * @param {Token[]} code
 * @param {string} object  The local name of a whole module.
 * @returns {string[]}     Every `x` of `object.x`, and `*` where the module is used in another way: taken apart, renamed, passed on.
 */
function usesOf(code, object) {
  return code.flatMap((token, index) => {
    if (token.text !== object || token.kind !== 'word' || isMember(code, index)) return []
    if (isDot(code[index + 1])) return [code[index + 2]?.text ?? '*']
    // Its import, a key of that name, or the type of it.
    const before = code[index - 1]?.text ?? ''
    return ['import', 'type', 'as', 'typeof'].includes(before) || code[index + 1]?.text === ':' ? [] : ['*']
  })
}

/**
 * @param {Token[]} code
 * @returns {Banned[]}
 */
function bannedNames(code) {
  const fetchIsBound = bindsFetch(code)
  return code.flatMap((token, index) => {
    if (token.kind !== 'word') return []
    const found = bannedName(code, index, fetchIsBound)
    return found === null ? [] : [{ line: token.line, ...found }]
  })
}

/**
 * @param {Token[]} code
 * @param {number} index
 * @param {boolean} fetchIsBound
 * @returns {{ name: string, instead: string } | null}
 */
function bannedName(code, index, fetchIsBound) {
  const name = /** @type {Token} */ (code[index]).text
  const seam = NAMES.get(name)
  if (seam !== undefined) return { name, instead: seam }
  if (isMember(code, index)) return null
  const member = isDot(code[index + 1]) ? MEMBERS.get(`${name}.${code[index + 2]?.text}`) : undefined
  if (member !== undefined) return { name: `${name}.${code[index + 2]?.text}`, instead: member }
  if (WATCHED.has(name) && isHandedOn(code, index)) return { name: `${name} under another name`, instead: `${name}.x, written out` }
  if (name === 'require' && code[index + 1]?.text === '(') return { name: 'require', instead: 'world.native' }
  if (name === 'Date' && readsTheClock(code, index)) return { name: 'Date without an argument', instead: 'world.clock.nowMs' }
  if (name === 'fetch' && !fetchIsBound && !namesAMember(code, index)) return { name: 'fetch', instead: 'world.network' }
  return null
}

/**
 * `const { now } = Date`, `const clock = Date` and `Date['now']`; a type, `Date[]`, `new Date(ms)` and `x instanceof Date` are not.
 *
 * @param {Token[]} code
 * @param {number} index
 */
function isHandedOn(code, index) {
  const next = code[index + 1]
  if (next?.text === '[') return code[index + 2]?.text !== ']'
  // Before `globalThis.`, where that stands in front.
  const before = isDot(code[index - 1]) ? index - 3 : index - 1
  if (isDot(next) || next?.text === '(' || code[before]?.text !== '=') return false
  return code[before - 1]?.text === '}' || ['const', 'let', 'var'].includes(code[before - 2]?.text ?? '')
}

/**
 * `new Date()`, `new Date` and `Date()`; a type, `new Date(ms)` and `Date.parse` are not.
 *
 * @param {Token[]} code
 * @param {number} index
 */
function readsTheClock(code, index) {
  const called = code[index + 1]?.text === '('
  if (code[index - 1]?.text !== 'new') return called
  return !called || code[index + 2]?.text === ')'
}

/**
 * Fetch is also the name of a Kafka request. A file that imports, declares or takes a `fetch` of its own means that one.
 *
 * @param {Token[]} code
 */
function bindsFetch(code) {
  const imported = importsOf(code).some(({ names, whole }) => whole === 'fetch' || names.some(({ name }) => name === 'fetch'))
  return (
    imported || code.some((token, index) => token.text === 'fetch' && ['const', 'let', 'function'].includes(code[index - 1]?.text ?? ''))
  )
}

/**
 * A key, a property of a type, a typed parameter, or a method that is declared: not a use of the global one.
 *
 * @param {Token[]} code
 * @param {number} index
 */
function namesAMember(code, index) {
  const next = code[index + 1]?.text
  if (next === ':' || (next === '?' && code[index + 2]?.text === ':')) return true
  if (next === '<') return false
  if (next !== '(') return false
  let depth = 0
  let at = index + 1
  do {
    if (code[at]?.text === '(') depth++
    if (code[at]?.text === ')') depth--
    at++
  } while (depth > 0 && at < code.length)
  const after = code[at]?.text
  return after === '{' || (after === ':' && code[index - 1]?.text !== '?')
}

/**
 * @param {Token[]} code
 * @param {number} index
 * @returns {boolean}  True for `x` of `a.x`, false when `a` is the global object.
 */
function isMember(code, index) {
  return isDot(code[index - 1]) && !['globalThis', 'global'].includes(code[index - 2]?.text ?? '')
}

/** @param {Token | undefined} token */
function isDot(token) {
  return token?.text === '.' || token?.text === '?.'
}
