import { randomBelow } from '@logwerk/runtime'
import { SeededRandom } from '@logwerk/runtime/simulated'
import { SerdeError } from '@logwerk/serde'
import { expect, test } from 'vitest'
import { avro } from './avro.ts'
import type { AvroSchema } from './avro-schema.ts'
import { randomSchema } from './random-schema.test-support.ts'

const seedCount = Number(process.env['LOGWERK_SEEDS'] ?? 100)

/** With a number behind a value of `schema`, so that a skip that goes too far or not far enough is found. */
const before = (schema: AvroSchema, ...fields: string[]): AvroSchema => ({
  type: 'record',
  name: 'Outer',
  fields: [
    { name: 'inner', type: schema },
    { name: 'behind', type: 'int' },
  ].filter(field => fields.includes(field.name)) as { name: string; type: AvroSchema }[],
})

test('values of any schema come back, are resolved, skipped and, when bytes have changed, refused', () => {
  for (let seed = 1; seed <= seedCount; seed++) {
    const random = new SeededRandom(seed)
    const { schema, reader, value } = randomSchema(random, 4)
    const where = `seed ${seed}: ${JSON.stringify(schema)}`
    const serde = avro<unknown>(schema)
    const same = avro<unknown>(schema, { writer: JSON.stringify(schema) })
    const newer = avro<unknown>(reader)
    const resolving = avro<unknown>(reader, { writer: schema })
    const whole = avro<unknown>(before(schema, 'inner', 'behind'))
    const skipping = avro<unknown>(before(schema, 'behind'), { writer: before(schema, 'inner', 'behind') })
    for (let round = 0; round < 5; round++) {
      const written = value()
      const data = serde.serialize(written)
      expect(serde.deserialize(data), where).toEqual(written)
      expect(same.deserialize(data), where).toEqual(written)
      expect(skipping.deserialize(whole.serialize({ inner: written, behind: 42 })), where).toEqual({ behind: 42 })
      // What was read may be written.
      expect(newer.deserialize(newer.serialize(resolving.deserialize(data))), where).toEqual(resolving.deserialize(data))
      for (let change = 0; change < 5 && data.length > 0; change++) {
        const changed = Buffer.from(data)
        changed[randomBelow(random, data.length)] = randomBelow(random, 256)
        const cut = change % 2 === 0 ? changed : changed.subarray(0, randomBelow(random, data.length))
        for (const one of [serde, same, resolving, skipping]) readOrRefused(one, cut, where)
      }
    }
  }
})

function readOrRefused(reader: { deserialize(data: Uint8Array): unknown }, data: Uint8Array, where: string): void {
  try {
    reader.deserialize(data)
  } catch (error) {
    expect(error, where).toBeInstanceOf(SerdeError)
    // A slip in the code would be a DECODE too.
    expect((error as SerdeError).detail, where).not.toMatch(/is not a function|of undefined|of null|undefined/)
  }
}
