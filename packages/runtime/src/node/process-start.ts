import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

/**
 * When the process of that id started, in whatever form the platform tells it, always the same for the same process; null where the
 * platform does not tell or there is no such process. Together with the id it names a process for good: ids are given again.
 */
export function processStart(pid: number): string | null {
  try {
    if (process.platform === 'linux') {
      // Field 22 (ticks since boot); the command name in field 2 may itself hold blanks and brackets. The boot id makes ticks unique.
      const fields = readFileSync(`/proc/${pid}/stat`, 'latin1')
      const ticks = fields.slice(fields.lastIndexOf(')') + 2).split(' ')[19]
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

function output(program: string, args: readonly string[]): string {
  // `ps` writes dates in the language and time zone of whoever asks: two processes have to read the same.
  const env = { ...process.env, LC_ALL: 'C', TZ: 'UTC' }
  return execFileSync(program, args, { encoding: 'latin1', stdio: ['ignore', 'pipe', 'ignore'], env }).trim()
}
