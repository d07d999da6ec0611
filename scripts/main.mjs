/**
 * Runs a script's work. An error ends it with exit code 1 and its message: whoever ran a command wants to read what to do, not
 * where in the script it was noticed.
 *
 * @param {() => void} work
 * @returns {void}
 */
export function main(work) {
  try {
    work()
  } catch (error) {
    console.error(error instanceof Error ? error.message : error)
    process.exitCode = 1
  }
}
