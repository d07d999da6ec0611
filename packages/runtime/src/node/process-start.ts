import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

/**
 * When the process of that id started, in whatever form the platform tells it, always the same for the same process; null where the
 * platform does not tell or there is no such process. Together with the id it names a process for good: ids are given again.
 */
export function processStart(pid: number): string | null {
  try {
    if (process.platform === 'linux') {
      // Field 22: ticks since boot. The boot id makes them unique.
      const ticks = statOf(pid)[19]
      return `${readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim()} ${ticks}`
    }
    if (process.platform === 'win32') {
      return output('powershell.exe', ['-NoProfile', '-Command', `(Get-Process -Id ${pid}).StartTime.ToFileTimeUtc()`])
    }
    return output('ps', ['-o', 'lstart=', '-p', String(pid)])
  } catch {
    return null
  }
}

/**
 * True for a process that has ended and whose parent has yet to take note of it. Its id still answers, and its start is told, for as long as
 * the parent pleases: for ever in a container whose first process was not made to be one.
 */
export function isZombie(pid: number): boolean {
  try {
    if (process.platform === 'linux') {
      // Fields 3 and 20. While other threads are at work the first one may be done already.
      const { 0: state, 17: threadCount } = statOf(pid)
      return state === 'Z' && Number(threadCount) <= 1
    }
    return process.platform !== 'win32' && output('ps', ['-o', 'stat=', '-p', String(pid)]).startsWith('Z')
  } catch {
    return false
  }
}

/** The fields from the third on; the command's name before them may itself hold blanks and brackets. */
function statOf(pid: number): string[] {
  const fields = readFileSync(`/proc/${pid}/stat`, 'latin1')
  return fields.slice(fields.lastIndexOf(')') + 2).split(' ')
}

function output(program: string, args: readonly string[]): string {
  // `ps` writes dates in the language and time zone of whoever asks: two processes have to read the same.
  const env = { ...process.env, LC_ALL: 'C', TZ: 'UTC' }
  return execFileSync(program, args, { encoding: 'latin1', stdio: ['ignore', 'pipe', 'ignore'], env }).trim()
}
