import { parseArgs } from 'node:util'
import type { Client } from './clients.ts'
import { SCENARIO_NAMES, type Scenario, scenarioOf } from './scenario.ts'

/** The figures of the embedded broker, chosen like a scenario. */
export const EMBEDDED = 'embedded'

export interface Options {
  readonly scenarios: readonly Scenario[]
  /** Whether the embedded broker is measured too. */
  readonly embedded: boolean
  readonly clients: readonly Client[]
  readonly reps: number
  /** Factor on the number of records. */
  readonly scale: number
  /** A running broker to use; null starts one. */
  readonly bootstrap: string | null
}

/**
 * Reads the command line.
 *
 * @returns Null if help was asked for.
 * @throws Error for what it does not know.
 */
export function readOptions(args: readonly string[], clients: readonly Client[]): Options | null {
  const { values } = parseArgs({
    args: [...args],
    options: {
      scenarios: { type: 'string', default: [...SCENARIO_NAMES, EMBEDDED].join() },
      clients: {
        type: 'string',
        default: clients
          .filter(({ isDefault }) => isDefault)
          .map(({ name }) => name)
          .join(),
      },
      reps: { type: 'string', default: '3' },
      records: { type: 'string', default: '1' },
      bootstrap: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  if (values.help) return null
  const names = listOf(values.scenarios)
  const scale = positive('--records', values.records)
  const reps = positive('--reps', values.reps)
  if (!Number.isInteger(reps)) throw new Error(`--reps is a whole number, not ${values.reps}`)
  return {
    scenarios: names.filter(name => name !== EMBEDDED).map(name => scenarioOf(name, scale)),
    embedded: names.includes(EMBEDDED),
    clients: listOf(values.clients).map(name => clientOf(name, clients)),
    reps,
    scale,
    bootstrap: values.bootstrap ?? null,
  }
}

/** What `--help` prints. */
export function helpText(clients: readonly Client[]): string {
  const rows = clients.map(({ name, what, isDefault }) => `  ${name.padEnd(18)} ${what}${isDefault ? '' : ' (only if named)'}`)
  return [
    'packages/bench/run [options]: Logwerk beside other Kafka clients on one real Kafka',
    '',
    `  --scenarios LIST   of ${[...SCENARIO_NAMES, EMBEDDED].join(', ')}; all by default`,
    '  --clients LIST     of those below; the first one whose name begins with "ours" is what the others are compared with',
    '  --reps N           repetitions, interleaved; 3 by default',
    '  --records FACTOR   on the number of records; 0.01 to try whether everything runs',
    '  --bootstrap LIST   host:port of a running broker with nothing else to do; without it a Kafka is started, and stopped at the end',
    '',
    ...rows,
  ].join('\n')
}

function clientOf(name: string, clients: readonly Client[]): Client {
  const found = clients.find(client => client.name === name)
  if (found === undefined) throw new Error(`There is no client ${name}; there are ${clients.map(one => one.name).join(', ')}`)
  return found
}

function listOf(text: string): string[] {
  return text
    .split(',')
    .map(part => part.trim())
    .filter(part => part !== '')
}

function positive(option: string, text: string): number {
  const value = Number(text)
  if (!(value > 0 && Number.isFinite(value))) throw new Error(`${option} is a number above 0, not ${text}`)
  return value
}
