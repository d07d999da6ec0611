// A broker in a process of its own, to be killed: node broker-process.mjs DATA_DIR PORT FSYNC. Says when it is ready.
import { openBroker } from '@logwerk/broker'

const [dataDir, port, fsync] = process.argv.slice(2)
const broker = await openBroker({ dataDir, port: Number(port), fsync, numPartitions: 4 })
process.stdout.write('ready\n')
process.on('SIGTERM', () => broker.close().then(() => process.exit(0)))
