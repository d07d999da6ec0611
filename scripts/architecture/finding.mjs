/**
 * One thing the check objects to.
 *
 * @typedef {object} Finding
 * @property {string} path
 * @property {number} [line]
 * @property {string} rule     What a test or a reader names it by, e.g. `layer`.
 * @property {string} message  What is wrong and the way out.
 */

/**
 * @param {Finding} finding
 * @returns {string}  One line.
 */
export function formatFinding({ path, line, rule, message }) {
  return `${path}${line === undefined ? '' : `:${line}`}: ${message} [${rule}]`
}
