export type { InPlaceSerializer } from './call-serde.ts'
// For clients, which call serdes.
export { deserializeWith, isThenable, serializeIntoWith, serializeWith, writesInPlace } from './call-serde.ts'
export type { SerdeMapping, SerdeParts } from './compose.ts'
export { mapSerde, serdeOf } from './compose.ts'
export type { Deserializer, Serde, SerdeContext, Serializer } from './serde.ts'
export type { SerdeErrorOptions, SerdeReason } from './serde-error.ts'
export { formatFieldPath, SerdeError } from './serde-error.ts'
