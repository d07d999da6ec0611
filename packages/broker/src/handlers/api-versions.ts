import type { ApiVersionsRequest, ApiVersionsResponseInput } from '@logwerk/protocol'
import { type RequestContext, type Router, UNKNOWN_VERSION } from '../router.ts'

/**
 * Says which APIs and versions are offered.
 *
 * A version of ApiVersions that is not spoken is answered in version 0 with the one entry that helps: ApiVersions' own range
 * (KIP-511; measured on 4.4.0). No feature that is named begins at 0: clients before version 4 could not read it.
 */
export function handleApiVersions(router: Router, clusterId: string, nodeId: number) {
  return (request: ApiVersionsRequest | null, { version }: RequestContext): ApiVersionsResponseInput => {
    const advertised = router.advertised
    if (version === UNKNOWN_VERSION || request === null) {
      return { errorCode: 'UNSUPPORTED_VERSION', apiKeys: advertised.filter(({ apiKey }) => apiKey === 18) }
    }
    if (version >= 3 && !(isSoftwareName(request.clientSoftwareName) && isSoftwareName(request.clientSoftwareVersion))) {
      return { errorCode: 'INVALID_REQUEST', apiKeys: [] }
    }
    // A client that remembers another cluster, or another node, at this address has to begin from its bootstrap servers (KIP-1242).
    const elsewhere =
      (request.clusterId !== null && request.clusterId !== clusterId) ||
      (request.nodeId >= 0 && request.nodeId !== nodeId && request.clusterId !== null)
    if (elsewhere) return { errorCode: 'REBOOTSTRAP_REQUIRED', apiKeys: [] }
    return {
      errorCode: 'NONE',
      apiKeys: advertised,
      supportedFeatures: [{ name: 'metadata.version', minVersion: 7, maxVersion: METADATA_VERSION }],
      finalizedFeaturesEpoch: 0,
      finalizedFeatures: [{ name: 'metadata.version', minVersionLevel: METADATA_VERSION, maxVersionLevel: METADATA_VERSION }],
    }
  }
}

/** 4.4-IV2, the level of the Kafka whose messages this broker speaks. */
const METADATA_VERSION = 33

function isSoftwareName(text: string): boolean {
  return /^[a-zA-Z0-9](?:[a-zA-Z0-9\-.]*[a-zA-Z0-9])?$/.test(text)
}
