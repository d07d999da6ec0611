import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openBroker } from '@logwerk/broker'
import { createConsumer } from '@logwerk/consumer'
import { createProducer } from '@logwerk/producer'
import { string } from '@logwerk/serde-bytes'

const dataDir = await mkdtemp(join(tmpdir(), 'logwerk-example-'))

/** An application with its broker inside: it writes one line to its journal, and reads all of it. */
async function run(line: string): Promise<string[]> {
  // Port 0 picks a free one. Without a port nothing listens, and clients of this process reach the broker all the same.
  await using broker = await openBroker({ dataDir, port: 0 })
  await using inProcess = createProducer({ broker, value: string })
  const { offset } = await inProcess.send({ topic: 'journal', value: line })
  console.log(`${line}: stored at offset ${offset} in ${dataDir}`)

  // Other processes, and clients in other languages, come by TCP.
  await using consumer = createConsumer({ bootstrapServers: [...broker.bootstrapServers], value: string })
  consumer.assign([{ topic: 'journal', partition: 0 }])
  await consumer.seekToBeginning()
  const lines: string[] = []
  for await (const record of consumer) {
    lines.push(record.value!)
    if (record.offset === offset) break
  }
  console.log(`read by TCP from ${broker.bootstrapServers}: ${lines.join(', ')}`)
  return lines
}

try {
  await run('first start')
  // The broker was closed and is opened again; after kill -9 it would be the same.
  const lines = await run('second start')
  if (lines.join() !== 'first start,second start') throw new Error(`the journal holds ${lines.join()}`)
} finally {
  await rm(dataDir, { recursive: true })
}
