import { int16, int32, struct } from '../schema/field.ts'
import { defineMessage, type MessageInputOf, type MessageOf } from '../schema/message.ts'

/** Kinds of control records (Kafka's `ControlRecordType`); the last five appear in `__cluster_metadata` only. */
export const controlRecordTypes = {
  ABORT: 0,
  COMMIT: 1,
  LEADER_CHANGE: 2,
  SNAPSHOT_HEADER: 3,
  SNAPSHOT_FOOTER: 4,
  KRAFT_VERSION: 5,
  KRAFT_VOTERS: 6,
} as const

/** Key of a control record. The version stands in front as an int16; a reader takes a newer version as the newest it knows. */
export const controlRecordTypeSchema = defineMessage({
  name: 'ControlRecordTypeSchema',
  versions: [0, 0],
  flexibleFrom: null,
  fields: struct({
    /** One of {@link controlRecordTypes}; a consumer skips what it does not know. */
    type: int16(),
  }),
})
export type ControlRecordTypeSchema = MessageOf<typeof controlRecordTypeSchema>
export type ControlRecordTypeSchemaInput = MessageInputOf<typeof controlRecordTypeSchema>

/** Value of the control record that ends a transaction. The version stands in front as an int16. */
export const endTxnMarker = defineMessage({
  name: 'EndTxnMarker',
  versions: [0, 0],
  flexibleFrom: null,
  fields: struct({
    /** Epoch of the transaction coordinator; a marker from an older one is TRANSACTION_COORDINATOR_FENCED. */
    coordinatorEpoch: int32(),
  }),
})
export type EndTxnMarker = MessageOf<typeof endTxnMarker>
export type EndTxnMarkerInput = MessageInputOf<typeof endTxnMarker>
