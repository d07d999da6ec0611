import { KafkaError, nearest } from '@logwerk/runtime'

/** What `npm start -- …` may say. */
export interface DemoOptions {
  /** Where broker and backup keep their data, as it was given. Default `.logwerk`. */
  readonly dataDir: string
  /** Ends the process by SIGKILL when half of the rows are stored. */
  readonly kill: boolean
  /** Goes on listening when the stream is over. */
  readonly serve: boolean
  /** The port to listen on with `serve`. Default 9092; 0 picks a free one. */
  readonly port: number
}

/** The help page was asked for. */
export const HELP = 'help'

export const USAGE = `Streams 5,000 real flights through an embedded Kafka broker into two topics, and reads them back in two consumer groups.

usage: npm start [-- OPTIONS]

  --kill           end by SIGKILL half-way; the next start recovers
  --serve          go on listening afterwards, for any Kafka client
  --port N         port for --serve (default 9092; 0 picks a free one)
  --data-dir DIR   where the data lies (default .logwerk)
  --help           this page
`

const DEFAULT_PORT = 9092
const NAMES = ['--kill', '--serve', '--port', '--data-dir', '--help']

/**
 * @param argv  Without Node and the script.
 * @param env   Tells what npm kept for itself: without ` -- ` an option is npm's, not the script's.
 * @throws KafkaError `INVALID_CONFIG` that names the option and the way out.
 */
export function parseOptions(argv: readonly string[], env: Readonly<Record<string, string | undefined>>): DemoOptions | typeof HELP {
  for (const name of ['kill', 'serve', 'port', 'data-dir']) {
    if (env[`npm_config_${name.replace('-', '_')}`] !== undefined && env['npm_lifecycle_event'] === 'start') {
      throw wrong(`npm took --${name} for its own; write two dashes before it: npm start -- --${name}`)
    }
  }
  let [dataDir, kill, serve, port] = ['.logwerk', false, false, null as number | null]
  const rest = [...argv]
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    const equals = word.startsWith('--') ? word.indexOf('=') : -1
    const name = equals < 0 ? word : word.slice(0, equals)
    const given = equals < 0 ? null : word.slice(equals + 1)
    const value = () => given ?? rest.shift() ?? ''
    if (given !== null && name !== '--port' && name !== '--data-dir' && NAMES.includes(name)) throw wrong(`${name} takes no value`)
    switch (name) {
      case '--help':
      case '-h':
        return HELP
      case '--kill':
        kill = true
        break
      case '--serve':
        serve = true
        break
      case '--port':
        port = portOf(value())
        break
      case '--data-dir':
        dataDir = value()
        if (dataDir === '' || dataDir.startsWith('--')) throw wrong('--data-dir needs a directory')
        break
      default: {
        const guess = nearest(name, NAMES)
        throw wrong(`unknown option "${name}"${guess === null ? '' : `; did you mean ${guess}?`}`)
      }
    }
  }
  if (kill && serve) throw wrong('--kill ends the process half-way, so it never comes to --serve; give one of them')
  if (port !== null && !serve) throw wrong('--port is for --serve: nothing listens without it')
  return { dataDir, kill, serve, port: port ?? DEFAULT_PORT }
}

function portOf(text: string): number {
  if (/^\d{1,5}$/.test(text) && Number(text) <= 65_535) return Number(text)
  throw wrong(`--port needs a number from 0 to 65535, not "${text}"`)
}

function wrong(message: string): KafkaError {
  return new KafkaError('INVALID_CONFIG', `${message} (npm start -- --help shows all)`)
}
