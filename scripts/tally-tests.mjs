// Prints `passed failed` from a report of vitest's json reporter. Ends with 1, saying why, when the report shows that not
// everything ran: a lane never skips anything silently.
import { existsSync, readFileSync } from 'node:fs'

const [path = ''] = process.argv.slice(2)
const report = existsSync(path)
  ? JSON.parse(readFileSync(path, 'utf8'))
  : { numPassedTests: 0, numFailedTests: 0, numPendingTests: 0, numTodoTests: 0 }
const skipped = report.numPendingTests + report.numTodoTests
console.log(`${report.numPassedTests} ${report.numFailedTests}`)
if (skipped > 0) refuse(`${skipped} tests were skipped`)
if (report.numPassedTests + report.numFailedTests === 0) refuse('no test ran')

/** @param {string} reason */
function refuse(reason) {
  console.error(`This lane fails: ${reason}`)
  process.exitCode = 1
}
