import { SerdeError } from '@logwerk/serde'
import type { AvroSchema } from './avro-schema.ts'
import type { AvscType, Resolver } from './avsc.ts'
import { canonicalForm, crc64 } from './fingerprint.ts'
import { resolverOf, typeOf } from './schema.ts'

const MARKER = [0xc3, 0x01] as const
const HEADER_BYTES = 10

interface Writer {
  /** The marker and the fingerprint, least significant byte first. */
  readonly header: Buffer
  /** The type of what stands behind the header. */
  readonly wire: AvscType
  /** How to read it; undefined for the reader's own schema: as it is. */
  readonly resolver: Resolver | undefined
}

/** Avro's single-object encoding. Source: Avro 1.12, "Single-object encoding". */
export class SingleObject {
  /** What every value written with the reader's schema begins with. */
  readonly header: Buffer
  readonly #writers: readonly Writer[]

  /** @throws KafkaError `INVALID_CONFIG` for one of `others` that is not valid or cannot be read as `type`. */
  constructor(type: AvscType, others: readonly AvroSchema[]) {
    this.header = headerOf(type)
    const writers: Writer[] = [{ header: this.header, wire: type, resolver: undefined }]
    for (const [index, other] of others.entries()) {
      const what = `writers[${index}]`
      const writer = typeOf(other, what)
      const header = headerOf(writer)
      // The same schema but for what does not matter, or given twice.
      if (writers.some(known => known.header.equals(header))) continue
      writers.push({ header, wire: writer, resolver: resolverOf(type, writer, what) })
    }
    this.#writers = writers
  }

  /**
   * The schema that the header of `data` names.
   *
   * @throws SerdeError `TOO_SHORT`, `BAD_MAGIC`, or `UNKNOWN_SCHEMA` with the fingerprint.
   */
  writerOf(data: Buffer): Writer {
    if (data.length < HEADER_BYTES)
      throw new SerdeError('TOO_SHORT', `single-object data begins with ${HEADER_BYTES} bytes, this has ${data.length}`)
    // Few enough to go through: a map would need a key made of the bytes, for each record.
    for (const writer of this.#writers) {
      if (beginsWith(data, writer.header)) return writer
    }
    if (data[0] !== MARKER[0] || data[1] !== MARKER[1]) {
      const found = data.subarray(0, 2).toString('hex')
      throw new SerdeError('BAD_MAGIC', `single-object data begins with the bytes c3 01, this with ${found.slice(0, 2)} ${found.slice(2)}`)
    }
    const fingerprint = data.readBigUInt64LE(2).toString(16).padStart(16, '0')
    throw new SerdeError(
      'UNKNOWN_SCHEMA',
      `no schema with the fingerprint ${fingerprint} is known: add the one that the data was written with to \`writers\``,
    )
  }
}

/** A loop over ten bytes is faster than a call into Node. */
function beginsWith(data: Buffer, header: Buffer): boolean {
  // From the end: the marker is the same in all.
  for (let at = HEADER_BYTES - 1; at >= 0; at--) if (data[at] !== header[at]) return false
  return true
}

function headerOf(type: AvscType): Buffer {
  const header = Buffer.from([...MARKER, 0, 0, 0, 0, 0, 0, 0, 0])
  header.writeBigUInt64LE(crc64(canonicalForm(type)), 2)
  return header
}
