import { describe, expect, test } from 'vitest'
import type { AvroSchema } from './avro-schema.ts'
import { canonicalFormOf, fingerprintOf } from './fingerprint.ts'

/** Fingerprints as Java prints them, with a sign: from the test data that all implementations of Avro share. */
const known: [AvroSchema, string, bigint][] = [
  ['null', '"null"', 7195948357588979594n],
  ['boolean', '"boolean"', -6970731678124411036n],
  ['int', '"int"', 8247732601305521295n],
  ['long', '"long"', -3434872931120570953n],
  ['float', '"float"', 5583340709985441680n],
  ['double', '"double"', -8181574048448539266n],
  ['bytes', '"bytes"', 5746618253357095269n],
  ['string', '"string"', -8142146995180207161n],
]

describe('fingerprints', () => {
  test('are those of other implementations', () => {
    for (const [schema, canonical, signed] of known) {
      expect(canonicalFormOf(schema)).toBe(canonical)
      expect(BigInt.asIntN(64, fingerprintOf(schema)), canonical).toBe(signed)
    }
  })

  test('depend on nothing but what matters for reading', () => {
    const plain = {
      type: 'record',
      name: 'a.R',
      fields: [
        { name: 'x', type: 'long' },
        { name: 'y', type: { type: 'fixed', name: 'a.F', size: 2 } },
      ],
    } as const
    const adorned = {
      doc: 'words',
      fields: [
        { doc: 'more', default: 5, type: { logicalType: 'timestamp-millis', type: 'long' }, name: 'x' },
        { type: { size: 2, name: 'F', type: 'fixed', aliases: ['G'] }, name: 'y', order: 'ignore' },
      ],
      namespace: 'a',
      name: 'R',
      type: 'record',
    } as const
    expect(fingerprintOf(adorned)).toBe(fingerprintOf(plain))
    expect(canonicalFormOf(adorned)).toBe(
      '{"name":"a.R","type":"record","fields":[{"name":"x","type":"long"},{"name":"y","type":{"name":"a.F","type":"fixed","size":2}}]}',
    )
    expect(fingerprintOf({ ...plain, name: 'a.S' })).not.toBe(fingerprintOf(plain))
  })

  test('name a type once and refer to it after', () => {
    const schema: AvroSchema = [
      'null',
      { type: 'enum', name: 'E', symbols: ['A', 'B'] },
      { type: 'array', items: 'E' },
      { type: 'map', values: 'int' },
    ]
    expect(canonicalFormOf(schema)).toBe(
      '["null",{"name":"E","type":"enum","symbols":["A","B"]},{"type":"array","items":"E"},{"type":"map","values":"int"}]',
    )
  })
})
