import type { Deserializer } from '@logwerk/serde'

/** What a consumer without serdes gives: the bytes, as a view of the batch. */
export const plainBytes: Deserializer<Uint8Array> = { deserialize: data => data }
