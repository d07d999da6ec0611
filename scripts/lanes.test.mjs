import { spawnSync } from 'node:child_process'
import { describe, expect, test } from 'vitest'
import { root } from './root.mjs'

// The lanes are a bash script for the machines that merge; everything else here also runs on Windows.
describe.runIf(process.platform !== 'win32')('lanes', () => {
  test('a failing lane does not stop the next, and the closing line counts it', () => {
    const { lines, status } = run("lane first false\nlane second echo 'still here'")
    expect(lines).toContain('still here')
    expect(lines.at(-1)).toBe('1 passed, 1 failed')
    expect(lines.join('\n')).toMatch(/^FAIL +\d+ s {2}first$/m)
    expect(status).toBe(1)
  })

  test('all is well only when every lane is', () => {
    const { lines, status } = run('lane first true\nlane second true')
    expect(lines.at(-1)).toBe('2 passed, 0 failed')
    expect(status).toBe(0)
  })

  test('a program that is not there fails its lane', () => {
    expect(run('lane first no-such-program').lines.at(-1)).toBe('0 passed, 1 failed')
  })

  test.each([
    ['tests count one by one', { numPassedTests: 7, numFailedTests: 0 }, 'true', '8 passed, 0 failed'],
    ['failed tests too, with their lane', { numPassedTests: 5, numFailedTests: 2 }, 'false', '5 passed, 3 failed'],
    ['a skipped test fails the lane', { numPassedTests: 5, numPendingTests: 1 }, 'true', '5 passed, 1 failed'],
    ['so does a test yet to be written', { numPassedTests: 5, numTodoTests: 1 }, 'true', '5 passed, 1 failed'],
    ['no test at all fails the lane', {}, 'true', '0 passed, 1 failed'],
    ['an error outside the tests fails the lane', { numPassedTests: 5 }, 'false', '5 passed, 1 failed'],
  ])('%s', (_, counts, end, closing) => {
    const report = JSON.stringify({ numPassedTests: 0, numFailedTests: 0, numPendingTests: 0, numTodoTests: 0, ...counts })
    // Stands in for vitest: writes the report where it is told to.
    const { lines } = run(`fake() { printf '%s' '${report}' >"\${3#--outputFile.json=}"; ${end}; }\ntests counted fake`)
    expect(lines.at(-1)).toBe(closing)
  })

  test('a run that leaves no report fails, also after one that left one', () => {
    const report = '{"numPassedTests":1,"numFailedTests":0,"numPendingTests":0,"numTodoTests":0}'
    const { lines } = run(`fake() { printf '%s' '${report}' >"\${3#--outputFile.json=}"; }\ntests good fake\ntests bad true`)
    expect(lines.at(-1)).toBe('2 passed, 1 failed')
  })
})

/**
 * @param {string} lanes
 * @returns {{ lines: string[], status: number | null }}
 */
function run(lanes) {
  const { stdout, status } = spawnSync('bash', ['-c', `. scripts/lanes.sh\n${lanes}\nclose_lanes`], { cwd: root, encoding: 'utf8' })
  return { lines: stdout.trimEnd().split('\n'), status }
}
