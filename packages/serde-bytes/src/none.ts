import { type Serde, SerdeError } from '@logwerk/serde'
import { describe } from './fixed-size.ts'

/**
 * For a key or value that is always null: Java's `VoidSerializer`, whose own name is a reserved word here. The client passes null
 * through, so neither function is ever reached by a record as it should be; data that is not null is a SerdeError `DECODE`.
 */
export const none: Serde<null> = {
  name: 'none',
  serialize(value: unknown) {
    if (value === null || value === undefined) return null
    throw new SerdeError('ENCODE', `only null can be written as none, not ${describe(value)}`)
  },
  deserialize(data) {
    throw new SerdeError('DECODE', `none is always null, and this has ${data.length} bytes: choose the serde that they were written with`)
  },
}
