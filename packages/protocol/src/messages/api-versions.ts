import { array, boolean, errorCode, type Infer, int16, int32, int64, nullable, string, struct } from '../schema/field.ts'
import { defineApi, type RequestInputOf, type RequestOf, type ResponseInputOf, type ResponseOf } from '../schema/message.ts'

export const apiVersionRange = struct({
  apiKey: int16(),
  minVersion: int16(),
  maxVersion: int16(),
})
export interface ApiVersionRange extends Infer<typeof apiVersionRange> {}

export const supportedFeature = struct({
  name: string(),
  minVersion: int16(),
  maxVersion: int16(),
})
export interface SupportedFeature extends Infer<typeof supportedFeature> {}

export const finalizedFeature = struct({
  name: string(),
  maxVersionLevel: int16(),
  minVersionLevel: int16(),
})
export interface FinalizedFeature extends Infer<typeof finalizedFeature> {}

/**
 * What the broker speaks: the first request on a connection. The response has header version 0 in all versions. A version that the broker
 * lacks is answered with UNSUPPORTED_VERSION in a version 0 body whose only entry is ApiVersions itself, so that the client can ask again
 * (KIP-511).
 */
export const apiVersions = defineApi({
  key: 18,
  name: 'ApiVersions',
  versions: [0, 5],
  flexibleFrom: 3,
  request: struct({
    /** Letters, digits, dots and dashes, starting and ending with a letter or digit; else INVALID_REQUEST, without keys. */
    clientSoftwareName: string({ since: 3, default: '', ignorable: true }),
    clientSoftwareVersion: string({ since: 3, default: '', ignorable: true }),
    /** The cluster that the client means to talk to; another one answers REBOOTSTRAP_REQUIRED (KIP-1242). */
    clusterId: nullable(string(), { since: 5, default: null, ignorable: true }),
    /** The broker that the client means to talk to, -1 if it does not mind (KIP-1242). */
    nodeId: int32({ since: 5, default: -1, ignorable: true }),
  }),
  response: struct({
    errorCode: errorCode(
      'NONE',
      'UNKNOWN_SERVER_ERROR',
      'UNSUPPORTED_VERSION',
      'INVALID_REQUEST',
      'REBOOTSTRAP_REQUIRED',
      'CLUSTER_AUTHORIZATION_FAILED',
    ),
    apiKeys: array(apiVersionRange),
    throttleTimeMs: int32({ since: 1, default: 0, ignorable: true }),
    /** Below version 4, without the features whose minimum is 0: clients of that time fail on them (KAFKA-17011). */
    supportedFeatures: array(supportedFeature, { since: 3, default: [], ignorable: true, tag: 0 }),
    /** -1 if unknown. */
    finalizedFeaturesEpoch: int64({ since: 3, default: -1, ignorable: true, tag: 1 }),
    /** Clients take to the second transaction protocol (KIP-890) when `transaction.version` is at least 2 here. */
    finalizedFeatures: array(finalizedFeature, { since: 3, default: [], ignorable: true, tag: 2 }),
    /** Only ever true in controllers of Kafka 3. */
    zkMigrationReady: boolean({ since: 3, default: false, ignorable: true, tag: 3 }),
  }),
})
export type ApiVersionsRequest = RequestOf<typeof apiVersions>
export type ApiVersionsRequestInput = RequestInputOf<typeof apiVersions>
export type ApiVersionsResponse = ResponseOf<typeof apiVersions>
export type ApiVersionsResponseInput = ResponseInputOf<typeof apiVersions>
