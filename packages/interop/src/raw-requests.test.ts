import { type Broker, openBroker } from '@logwerk/broker'
import { apiVersions } from '@logwerk/protocol'
import { nodeWorld, sleep, TimeoutError, withTimeout } from '@logwerk/runtime'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { covers, differences, type Json, normalised } from './raw-comparison.ts'
import { ConnectionClosed, RawConnection, requestBytes, responseOf } from './raw-connection.ts'
import { type Memory, type Row, rows } from './raw-requests.ts'
import { type RealKafka, startRealKafka } from './real-kafka.ts'

/** One of the two brokers, with what it has been asked so far. */
class Side {
  readonly #server: string
  readonly #begunMs = nodeWorld.clock.nowMs()
  readonly #memory: Memory = { topicIds: new Map(), sessionId: 0 }

  constructor(server: string) {
    this.#server = server
  }

  /** What comes of a row: an answer, an end of the connection, or nothing. */
  async outcome(row: Row): Promise<Json> {
    const deadlineMs = nodeWorld.clock.monotonicMs() + PATIENCE_MS
    for (;;) {
      const answer = await this.#ask(row)
      if (typeof answer === 'string') return answer
      if (row.until?.(answer as never) === false && nodeWorld.clock.monotonicMs() < deadlineMs) {
        await sleep(nodeWorld.clock, 50)
        continue
      }
      row.keep?.(answer as never, this.#memory)
      const topicNames = new Map([...this.#memory.topicIds].map(([name, id]) => [id, name]))
      return normalised(row.part === undefined ? answer : row.part(answer as never), { topicNames, begunMs: this.#begunMs })
    }
  }

  async #ask(row: Row): Promise<unknown> {
    const connection = await RawConnection.open(this.#server)
    try {
      const bytes = row.bytes(this.#memory)
      if (row.unframed === true) connection.write(bytes)
      else connection.writeFrame(bytes)
      // An answer that comes after this one's shows that the row is not answered.
      connection.writeFrame(requestBytes(apiVersions, 0, {}, PROBE_ID))
      const late = () => new TimeoutError(`neither an answer nor an end within ${PATIENCE_MS} ms`)
      const frame = await withTimeout(nodeWorld.clock, connection.nextFrame(), PATIENCE_MS, late)
      return frame.readInt32BE(0) === PROBE_ID ? 'no answer' : responseOf(frame, row.api, row.version)
    } catch (error) {
      if (error instanceof ConnectionClosed) return 'the connection is closed'
      throw error
    } finally {
      connection.close()
    }
  }
}

const PROBE_ID = 424_242
const PATIENCE_MS = 10_000

let kafka: RealKafka | undefined
let broker: Broker | undefined
let real: Side
let ours: Side

beforeAll(async () => {
  kafka = await startRealKafka()
  broker = await openBroker({ port: 0 })
  real = new Side(kafka.bootstrapServers[0]!)
  ours = new Side(broker.bootstrapServers[0]!)
})

afterAll(async () => {
  await broker?.close()
  kafka?.wipe()
})

test('the table is a table', () => {
  expect(rows.length).toBeGreaterThanOrEqual(40)
})

describe('our broker answers as Apache Kafka does', () => {
  test.each(rows)('$what', async row => {
    const [theirs, own] = [await real.outcome(row), await ours.outcome(row)]
    const found = differences(theirs, own)
    const known = Object.keys(row.differs ?? {})
    const surprising = found.filter(({ path }) => !known.some(pattern => covers(pattern, path)))
    expect(surprising.map(({ text }) => text)).toEqual([])
    const unused = known.filter(pattern => !found.some(({ path }) => covers(pattern, path)))
    expect(unused, 'differences that are listed and not there').toEqual([])
  })
})
