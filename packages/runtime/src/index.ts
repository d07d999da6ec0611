export { AssertionError, assert, assertNever } from './assert.ts'
export type { BackoffOptions } from './backoff.ts'
export { backoffMs } from './backoff.ts'
export { BoundedQueue } from './bounded-queue.ts'
export { ByteReader } from './byte-reader.ts'
export { ByteWriter } from './byte-writer.ts'
export type { Clock, Timer } from './clock.ts'
export { sleep, withTimeout } from './clock.ts'
export type { ConfigInputOf, ConfigOf, ConfigOption, ConfigRow, ConfigTable } from './config.ts'
export {
  decimal,
  defineConfig,
  describeConfig,
  durationMs,
  flag,
  fromProperties,
  integer,
  oneOf,
  resolveConfig,
  sizeBytes,
  stringList,
  text,
} from './config.ts'
export type { BrokerErrorCode, BrokerErrorInfo } from './error-codes.ts'
export { brokerErrorCodes, errorNameOf, errorNumberOf, refreshesMetadata } from './error-codes.ts'
export type { ClientErrorCode, ErrorPlace, KafkaErrorCode, KafkaErrorOptions } from './errors.ts'
export {
  brokerError,
  clientErrorCodes,
  formatPlace,
  isBrokerErrorCode,
  isRetriableCode,
  KafkaError,
  messageOf,
  RecordTooLargeError,
  StorageError,
  TimeoutError,
} from './errors.ts'
export type { File, FileInfo, Files, Lock, OpenMode } from './files.ts'
export { parentOf, readWholeFile, replaceFile, writeFully } from './files.ts'
export { groupBy } from './group-by.ts'
export type { Header, Headers, HeadersInput, MutableHeaders } from './headers.ts'
export { headersOf, lastHeader, NO_HEADERS } from './headers.ts'
export { createInProcessNetwork } from './in-process-network.ts'
export type { LogFields, Logger, LogLevel } from './logger.ts'
export { formatLogLine, loggerTo, silentLogger } from './logger.ts'
export { createMemoryFiles } from './memory-files.ts'
export { nearest } from './nearest.ts'
export type { Connection, ConnectOptions, Endpoint, Listener, Network, Resolve } from './network.ts'
export { formatEndpoint, isLoopback, parseEndpoint } from './network.ts'
export { loadNative } from './node/native.ts'
export { nodeWorld } from './node/world.ts'
export { writeToDescriptor } from './node/write-to-descriptor.ts'
export { parseProperties } from './parse-properties.ts'
export type { Random } from './random.ts'
export { randomBelow, randomFraction } from './random.ts'
export { readUtf8At, writeUtf8At } from './utf8.ts'
export type { Uuid } from './uuid.ts'
export { bytesOfUuid, dashedUuid, uuidOf, ZERO_UUID } from './uuid.ts'
export type { World } from './world.ts'
