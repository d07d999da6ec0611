import { describe, type FixedSizeSerde, fixedSizeNumber } from './fixed-size.ts'

/** 2 bytes, big-endian. Java's `ShortSerializer`. Anything but an integer in [-2^15, 2^15) is a SerdeError `ENCODE`. */
export const int16: FixedSizeSerde<number> = fixedSizeNumber({
  name: 'int16',
  sizeBytes: 2,
  complaint: integerBelow('int16', 2 ** 15),
  write: (writer, value) => writer.writeInt16(value),
  writeAlone: (buffer, value) => buffer.writeInt16BE(value),
  read: (buffer, at) => buffer.readInt16BE(at),
})

/** 4 bytes, big-endian. Java's `IntegerSerializer`. Anything but an integer in [-2^31, 2^31) is a SerdeError `ENCODE`. */
export const int32: FixedSizeSerde<number> = fixedSizeNumber({
  name: 'int32',
  sizeBytes: 4,
  complaint: integerBelow('int32', 2 ** 31),
  write: (writer, value) => writer.writeInt32(value),
  writeAlone: (buffer, value) => buffer.writeInt32BE(value),
  read: (buffer, at) => buffer.readInt32BE(at),
})

/**
 * 8 bytes, big-endian, as a bigint, because all 64 bits are data. Java's `LongSerializer`. Anything but a bigint in [-2^63, 2^63) is
 * a SerdeError `ENCODE`. Where the numbers are known to be safe integers: `mapSerde(int64, { write: (value: number) => BigInt(value), read: Number })`.
 */
export const int64: FixedSizeSerde<bigint> = fixedSizeNumber({
  name: 'int64',
  sizeBytes: 8,
  complaint: value =>
    typeof value !== 'bigint'
      ? `an int64 is a bigint (5n, BigInt(5)), not ${describe(value)}`
      : value >= -0x8000_0000_0000_0000n && value < 0x8000_0000_0000_0000n
        ? null
        : `${describe(value)} does not fit an int64`,
  write: (writer, value) => writer.writeBigInt64(value),
  writeAlone: (buffer, value) => buffer.writeBigInt64BE(value),
  read: (buffer, at) => buffer.readBigInt64BE(at),
})

// JavaScript leaves the bits of a NaN open: 0 / 0 and NaN differ on some machines. These are Java's, so that equal keys are equal bytes.
const NAN_32 = 0x7fc0_0000
const NAN_64 = 0x7ff8_0000_0000_0000n

/** 4 bytes, big-endian IEEE 754; a number is rounded to the nearest 32-bit one. Java's `FloatSerializer`. */
export const float32: FixedSizeSerde<number> = fixedSizeNumber({
  name: 'float32',
  sizeBytes: 4,
  complaint: anyNumber('float32'),
  write: (writer, value) => (Number.isNaN(value) ? writer.writeInt32(NAN_32) : writer.writeFloat32(value)),
  writeAlone: (buffer, value) => (Number.isNaN(value) ? buffer.writeInt32BE(NAN_32) : buffer.writeFloatBE(value)),
  read: (buffer, at) => buffer.readFloatBE(at),
})

/** 8 bytes, big-endian IEEE 754. Java's `DoubleSerializer`. */
export const float64: FixedSizeSerde<number> = fixedSizeNumber({
  name: 'float64',
  sizeBytes: 8,
  complaint: anyNumber('float64'),
  write: (writer, value) => (Number.isNaN(value) ? writer.writeBigInt64(NAN_64) : writer.writeFloat64(value)),
  writeAlone: (buffer, value) => (Number.isNaN(value) ? buffer.writeBigInt64BE(NAN_64) : buffer.writeDoubleBE(value)),
  read: (buffer, at) => buffer.readDoubleBE(at),
})

function integerBelow(name: string, bound: number): (value: unknown) => string | null {
  return value =>
    Number.isInteger(value) && (value as number) >= -bound && (value as number) < bound
      ? null
      : `an ${name} is an integer in [-${bound}, ${bound}), not ${describe(value)}`
}

function anyNumber(name: string): (value: unknown) => string | null {
  return value => (typeof value === 'number' ? null : `a ${name} is a number, not ${describe(value)}`)
}
