import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Connection } from '../network.ts'
import { createSimulation, type Simulation } from './index.ts'

// Connections under every fault at once: whatever happens, a reader sees a prefix of what was written, an end closes once and then is
// quiet, and when the faults are over every end that is closed by one side comes to its end.

const MACHINES = ['a', 'b', 'c'] as const
const machine = fc.constantFrom(...MACHINES)
const side = fc.record({ connection: fc.nat(5), server: fc.boolean() })

type Step =
  | { readonly kind: 'connect'; readonly from: string; readonly to: string }
  | { readonly kind: 'write'; readonly side: Side; readonly size: number }
  | { readonly kind: 'pause' | 'resume' | 'close' | 'destroy'; readonly side: Side }
  | { readonly kind: 'partition'; readonly from: string; readonly to: string }
  | { readonly kind: 'kill' | 'crash' | 'restart'; readonly machine: string }
  | { readonly kind: 'cut'; readonly connection: number }
  | { readonly kind: 'heal' }
  | { readonly kind: 'advance'; readonly ms: number }

interface Side {
  readonly connection: number
  readonly server: boolean
}

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('connect' as const), from: machine, to: machine }) },
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('write' as const), side, size: fc.nat(100_000) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constantFrom('pause', 'resume', 'close', 'destroy'), side }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('partition' as const), from: machine, to: machine }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('kill', 'crash'), machine }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('restart' as const), machine }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('cut' as const), connection: fc.nat(5) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('heal' as const) }) },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('advance' as const), ms: fc.nat(20) }) },
)

/** One end of a connection, and what its owner has seen. The bytes of a direction count up, so that a number says how many were read. */
class Observed {
  readonly end: Connection
  written = 0
  read = 0
  closeCount = 0
  isClosing = false

  constructor(end: Connection, complain: (what: string) => void) {
    this.end = end
    const room = new Uint8Array(3000)
    end.onData(
      () => room,
      count => {
        if (this.closeCount > 0) complain('bytes after the close')
        for (let index = 0; index < count; index++)
          if (room[index] !== (this.read++ & 0xff)) complain(`byte ${this.read - 1} is another one`)
      },
    )
    end.onClose(() => {
      if (++this.closeCount > 1) complain('a second close')
    })
  }

  write(size: number): void {
    if (this.isClosing || this.closeCount > 0) return
    this.end.write([Uint8Array.from({ length: size }, (_, index) => this.written + index)])
    this.written += size
  }
}

class Chaos {
  readonly simulation: Simulation
  readonly complaints: string[] = []
  readonly #pairs: { client?: Observed; server?: Observed }[] = []

  constructor(seed: number) {
    this.simulation = createSimulation({ seed })
    for (const name of MACHINES) this.#listen(name)
  }

  async do(one: Step): Promise<void> {
    const { network } = this.simulation
    switch (one.kind) {
      case 'connect':
        return this.#connect(one.from, one.to)
      case 'partition':
        if (one.from !== one.to) network.partition(one.from, one.to)
        return
      case 'heal':
        return network.heal()
      case 'cut': {
        const port = this.#pairs[one.connection]?.client?.end.local.port
        network.cut(connection => connection.clientEndpoint.port === port)
        return
      }
      case 'advance':
        return this.simulation.advance(one.ms)
      case 'kill':
      case 'crash':
        return this.simulation.machine(one.machine)[one.kind]()
      case 'restart':
        return this.#restart(one.machine)
      default:
        return this.#onSide(one)
    }
  }

  /** Ends all faults and closes everything from one side. */
  async end(): Promise<void> {
    this.simulation.network.heal()
    for (const name of MACHINES) this.#restart(name)
    // Longer than any attempt to connect may take.
    await this.simulation.advance(10_000)
    for (const { client, server } of this.#pairs) {
      for (const observed of [client, server]) observed?.end.resume()
      // Where the client is on a machine that went down, its peer may never hear of that: it has to close by itself.
      client?.end.close()
      server?.end.close()
    }
    await this.simulation.advance(10_000)
    for (const { client, server } of this.#pairs) {
      if ((client?.read ?? 0) > (server?.written ?? 0) || (server?.read ?? 0) > (client?.written ?? 0))
        this.complaints.push('bytes that nobody wrote')
    }
    for (const { client, server } of this.simulation.network.connections())
      this.complaints.push(`${client} and ${server} are still connected`)
  }

  #listen(name: string): void {
    const onConnection = (end: Connection) => {
      const observed = new Observed(end, what => this.complaints.push(what))
      this.#pairOf(`${end.remote.host} ${end.remote.port}`).server = observed
    }
    void this.simulation.machine(name).world.network.listen({ host: name, port: 9092 }, onConnection)
  }

  #connect(from: string, to: string): void {
    const { running } = this.simulation.machine(from)
    if (!running) return
    const connecting = this.simulation.machine(from).world.network.connect({ host: to, port: 9092 }, { timeoutMs: 5000 })
    connecting.then(
      end => {
        this.#pairOf(`${end.local.host} ${end.local.port}`).client = new Observed(end, what => this.complaints.push(what))
      },
      () => {},
    )
  }

  readonly #keys = new Map<string, { client?: Observed; server?: Observed }>()
  #pairOf(key: string): { client?: Observed; server?: Observed } {
    let pair = this.#keys.get(key)
    if (pair === undefined) {
      pair = {}
      this.#keys.set(key, pair)
      this.#pairs.push(pair)
    }
    return pair
  }

  #restart(name: string): void {
    const machine = this.simulation.machine(name)
    if (machine.running) return
    machine.restart()
    this.#listen(name)
  }

  #onSide(one: Extract<Step, { side: Side }>): void {
    const observed = this.#pairs[one.side.connection]?.[one.side.server ? 'server' : 'client']
    if (observed === undefined) return
    if (one.kind === 'write') return observed.write(one.size)
    if (one.kind === 'close' || one.kind === 'destroy') observed.isClosing = true
    observed.end[one.kind]()
  }
}

async function checkChaos(sabotage: (simulation: Simulation) => void = () => {}): Promise<void> {
  await fc.assert(
    fc.asyncProperty(fc.integer(), fc.array(step, { minLength: 10, maxLength: 50, size: 'max' }), async (seed, steps) => {
      const run = async () => {
        const chaos = new Chaos(seed)
        for (const one of steps) {
          sabotage(chaos.simulation)
          await chaos.do(one)
        }
        await chaos.end()
        return chaos
      }
      const first = await run()
      expect(first.complaints).toEqual([])
      // And all of it happens again in the same way.
      expect((await run()).simulation.fingerprint).toBe(first.simulation.fingerprint)
    }),
    // Fewer are not sure to meet a planted fault.
    { numRuns: Math.max(60, Number(process.env['LOGWERK_SEEDS'] ?? 0)) },
  )
}

test('connections keep their promises under any faults', async () => {
  await checkChaos()
})

test('the check sees a connection that never ends', async () => {
  const failure = await checkChaos(simulation => void simulation.network.silence()).catch(error => error)
  expect(String(failure.cause)).toContain('are still connected')
})
