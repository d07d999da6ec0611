import fc from 'fast-check'
import { expect, test } from 'vitest'
import { GrowableBytes } from './growable-bytes.ts'

test('GrowableBytes reads as a plain array of numbers would, with zeros where nothing was written', () => {
  const step = fc.oneof(
    fc.record({ write: fc.uint8Array({ maxLength: 40 }), at: fc.nat(700) }),
    fc.record({ resize: fc.nat(700) }),
    fc.record({ read: fc.nat(60), at: fc.nat(700) }),
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), steps => {
      const bytes = new GrowableBytes()
      const model: number[] = []
      const resize = (size: number) => {
        while (model.length < size) model.push(0)
        model.length = size
      }
      for (const one of steps) {
        if ('write' in one) {
          bytes.write(one.write, one.at)
          if (one.write.length > 0 && model.length < one.at + one.write.length) resize(one.at + one.write.length)
          one.write.forEach((value, index) => {
            model[one.at + index] = value
          })
        } else if ('resize' in one) {
          bytes.resize(one.resize)
          resize(one.resize)
        } else {
          const into = new Uint8Array(one.read)
          const count = bytes.read(into, one.at)
          expect([...into.subarray(0, count)]).toEqual(model.slice(one.at, one.at + one.read))
        }
        expect(bytes.sizeBytes).toBe(model.length)
        expect([...bytes.copy().view()]).toEqual(model)
      }
    }),
  )
})
