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
  ...['fs', 'fs/promises'].map(name => /** @type {const} */ ([name, 'world.files'])),
  ...['timers', 'timers/promises', 'perf_hooks'].map(name => /** @type {const} */ ([name, 'world.clock'])),
  ...['worker_threads', 'child_process', 'cluster'].map(name => /** @type {const} */ ([name, 'a seam of the runtime package'])),
  ['module', 'world.native'],
])

/** Free names that are the clock or chance wherever they stand. */
const NAMES = new Map([
  ...['setTimeout', 'setInterval', 'setImmediate', 'clearTimeout', 'clearInterval', 'clearImmediate'].map(
    name => /** @type {const} */ ([name, 'world.clock.setTimer']),
  ),
  ...['randomUUID', 'randomBytes', 'randomInt', 'randomFill', 'randomFillSync', 'getRandomValues'].map(
    name => /** @type {const} */ ([name, 'world.random']),
  ),
])

/** Members of globals: `Date.now`. */
const MEMBERS = new Map([
  ['Date.now', 'world.clock.nowMs'],
  ['performance.now', 'world.clock.monotonicMs'],
  ['performance.timeOrigin', 'world.clock.nowMs'],
  ['process.hrtime', 'world.clock.monotonicMs'],
  ['process.getBuiltinModule', 'world.native'],
  ['Math.random', 'world.random'],
  ['AbortSignal.timeout', 'world.clock and an AbortController'],
])

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
    const module = from.replace(/^node:/, '')
    const instead = MODULES.get(module)
    if (instead !== undefined) return [{ line, name: `'${from}'`, instead }]
    if (module !== 'zlib') return []
    const used = whole === null ? names.filter(({ type }) => !type).map(({ name }) => name) : membersOf(code, whole)
    const asynchronous = dynamic ? ['import()'] : used.filter(name => !isSynchronousZlib(name))
    return asynchronous.map(name => ({ line, name: `${name} of '${from}'`, instead: 'the function whose name ends in Sync' }))
  })
}

/** @param {string} name */
function isSynchronousZlib(name) {
  return name.endsWith('Sync') || name === 'constants' || name === 'crc32'
}

/**
 * @param {Token[]} code
 * @param {string} object
 * @returns {string[]}  Every `x` of `object.x`.
 */
function membersOf(code, object) {
  return code.flatMap((token, index) => {
    const member = code[index + 2]
    return token.text === object && !isMember(code, index) && isDot(code[index + 1]) && member !== undefined ? [member.text] : []
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
  if (name === 'require' && code[index + 1]?.text === '(') return { name: 'require', instead: 'world.native' }
  if (name === 'Date' && readsTheClock(code, index)) return { name: 'Date without an argument', instead: 'world.clock.nowMs' }
  if (name === 'fetch' && !fetchIsBound && !namesAMember(code, index)) return { name: 'fetch', instead: 'world.network' }
  return null
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
