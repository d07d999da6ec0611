import { type ByteReader, type ByteWriter, KafkaError } from '@logwerk/runtime'
import { type AnyApi, requestHeaderVersion, responseHeaderVersion } from '../schema/message.ts'

/** What stands in front of every request. */
export interface RequestHeader {
  readonly apiKey: number
  readonly apiVersion: number
  /** Chosen by the client, repeated in the response. */
  readonly correlationId: number
  /** A name for logs and quotas. */
  readonly clientId: string | null
}

const MAX_CLIENT_ID_BYTES = 0x7fff

/**
 * Writes the header of a request, in the version that goes with the request's. It is no schema, because of one exception: the client id
 * keeps its int16 length where all else is compact, so that a broker can read it before it knows the version (KIP-511).
 *
 * @throws TypeError for a client id of more than 32767 bytes.
 */
export function encodeRequestHeader(
  writer: ByteWriter,
  api: AnyApi,
  version: number,
  correlationId: number,
  clientId: string | null,
): void {
  writer.writeInt16(api.key)
  writer.writeInt16(version)
  writer.writeInt32(correlationId)
  if (clientId === null) writer.writeInt16(-1)
  else {
    const byteCount = Buffer.byteLength(clientId, 'utf8')
    if (byteCount > MAX_CLIENT_ID_BYTES) throw new TypeError(`a client id of ${byteCount} bytes is longer than ${MAX_CLIENT_ID_BYTES}`)
    writer.writeInt16(byteCount)
    writer.writeUtf8(clientId)
  }
  if (requestHeaderVersion(api, version) === 2) writer.writeUnsignedVarint(0)
}

/**
 * Reads the header of a request and leaves the reader at the body. The version need not be one that the API has: ApiVersions has to be
 * answered also then.
 *
 * @param apiOf  Finds an API by its key, as `apiOfKey` does: the key decides which version of the header it is.
 * @throws KafkaError `INVALID_REQUEST` for a key that `apiOf` does not know, `MALFORMED_MESSAGE`.
 */
export function decodeRequestHeader(reader: ByteReader, apiOf: (key: number) => AnyApi | undefined): RequestHeader {
  const apiKey = reader.readInt16()
  const apiVersion = reader.readInt16()
  const correlationId = reader.readInt32()
  const api = apiOf(apiKey)
  if (api === undefined) throw new KafkaError('INVALID_REQUEST', `there is no API with the key ${apiKey}`)
  const length = reader.readInt16()
  const clientId = length === -1 ? null : reader.readUtf8(length)
  if (requestHeaderVersion(api, apiVersion) === 2) skipTaggedFields(reader)
  return { apiKey, apiVersion, correlationId, clientId }
}

/** Writes the header of a response. */
export function encodeResponseHeader(writer: ByteWriter, api: AnyApi, version: number, correlationId: number): void {
  writer.writeInt32(correlationId)
  if (responseHeaderVersion(api, version) === 1) writer.writeUnsignedVarint(0)
}

/**
 * Reads the header of the response to a request of this API and version, and returns its correlation id.
 *
 * @throws KafkaError `MALFORMED_MESSAGE`
 */
export function decodeResponseHeader(reader: ByteReader, api: AnyApi, version: number): number {
  const correlationId = reader.readInt32()
  if (responseHeaderVersion(api, version) === 1) skipTaggedFields(reader)
  return correlationId
}

/** No header has tagged fields yet. */
function skipTaggedFields(reader: ByteReader): void {
  const count = reader.readUnsignedVarint()
  for (let index = 0; index < count; index++) {
    reader.readUnsignedVarint()
    reader.take(reader.readUnsignedVarint())
  }
}
