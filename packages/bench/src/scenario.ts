/** What the programs of `programs/` are told to do. */
export interface Scenario {
  readonly name: string
  readonly mode: 'produce' | 'latency' | 'consume'
  readonly recordCount: number
  readonly valueBytes: 100 | 1024
  readonly codec: 'none' | 'lz4'
  /** Heading of its table. */
  readonly title: string
}

/** Sends before those that `latency` measures; the programs know it too. */
export const UNMEASURED_SENDS = 100

const SCENARIOS: readonly Scenario[] = [
  { name: 'P1', mode: 'produce', recordCount: 1_000_000, valueBytes: 100, codec: 'none', title: 'produce 100 B' },
  { name: 'P2', mode: 'produce', recordCount: 200_000, valueBytes: 1024, codec: 'none', title: 'produce 1,024 B' },
  { name: 'P3', mode: 'produce', recordCount: 200_000, valueBytes: 1024, codec: 'lz4', title: 'produce 1,024 B with lz4' },
  { name: 'L1', mode: 'latency', recordCount: 2000, valueBytes: 100, codec: 'none', title: 'one awaited send of 100 B after the other' },
  { name: 'C1', mode: 'consume', recordCount: 1_000_000, valueBytes: 100, codec: 'none', title: 'consume 100 B' },
  { name: 'C2', mode: 'consume', recordCount: 200_000, valueBytes: 1024, codec: 'none', title: 'consume 1,024 B' },
]

export const SCENARIO_NAMES: readonly string[] = SCENARIOS.map(({ name }) => name)

/** The scenario with `scale` times its records, at least 10. @throws Error for a name that there is not */
export function scenarioOf(name: string, scale: number): Scenario {
  const found = SCENARIOS.find(one => one.name === name)
  if (found === undefined) throw new Error(`There is no scenario ${name}; there are ${SCENARIO_NAMES.join(', ')} and embedded`)
  return { ...found, recordCount: Math.max(10, Math.round(found.recordCount * scale)) }
}
