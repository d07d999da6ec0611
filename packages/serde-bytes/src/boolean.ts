import { SerdeError } from '@logwerk/serde'
import { checkSize, describe, type FixedSizeSerde } from './fixed-size.ts'

/** One byte, 0x00 or 0x01; any other is a SerdeError `DECODE`. Java's `BooleanSerializer`. */
export const boolean: Omit<FixedSizeSerde<boolean>, 'sizeBytes'> = {
  name: 'boolean',
  serialize(value) {
    check(value)
    return Buffer.of(value ? 1 : 0)
  },
  serializeInto(value, writer) {
    check(value)
    writer.writeInt8(value ? 1 : 0)
  },
  deserialize(data) {
    checkSize('boolean', data.length, 1)
    if (data[0]! > 1) throw new SerdeError('DECODE', `a boolean is the byte 0x00 or 0x01, not 0x${data[0]!.toString(16).padStart(2, '0')}`)
    return data[0] === 1
  },
}

function check(value: unknown): void {
  if (typeof value !== 'boolean') throw new SerdeError('ENCODE', `a boolean is true or false, not ${describe(value)}`)
}
