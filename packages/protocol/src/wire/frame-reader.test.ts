import { KafkaError } from '@logwerk/runtime'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { FrameReader, frameOf } from './frame-reader.ts'

/** Hands `stream` to the reader in pieces of at most these sizes, as a socket fills the room it is lent. */
function feed(reader: FrameReader, stream: Uint8Array, sizes: readonly number[]): void {
  let piece = 0
  for (let at = 0; at < stream.length; ) {
    const room = reader.supplyBuffer()
    if (room.length === 0) throw new Error('there is no room')
    const byteCount = Math.min(room.length, stream.length - at, sizes[piece++ % sizes.length]!)
    room.set(stream.subarray(at, at + byteCount))
    at += byteCount
    reader.onBytes(byteCount)
  }
}

function streamOf(frames: readonly Uint8Array[]): Buffer {
  return Buffer.concat(frames.flatMap(frame => frameOf([frame])))
}

const sizes = fc.array(fc.oneof(fc.integer({ min: 1, max: 90 }), fc.integer({ min: 1, max: 200_000 })), { minLength: 1, maxLength: 8 })
const frame = fc.oneof(
  { weight: 5, arbitrary: fc.uint8Array({ maxLength: 60 }) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(fc.constantFrom(65_500, 65_531, 65_532, 65_533, 65_536, 70_000, 140_000), fc.integer({ min: 0, max: 255 }))
      .map(([length, fill]) => new Uint8Array(length).fill(fill)),
  },
)

describe('frames', () => {
  test('come out as they went in, however the stream is cut, and are never overwritten', () => {
    fc.assert(
      fc.property(fc.array(frame, { maxLength: 20 }), sizes, (frames, pieces) => {
        const got: Buffer[] = []
        const reader = new FrameReader(bytes => got.push(bytes), 1 << 20)
        feed(reader, streamOf(frames), pieces)
        expect(reader.pendingBytes).toBe(0)
        // Compared at the end: what came first must have stayed.
        expect(got.length).toBe(frames.length)
        for (const [index, bytes] of got.entries()) expect(bytes.equals(frames[index]!)).toBe(true)
      }),
      { numRuns: Number(process.env['LOGWERK_SEEDS'] ?? 200) },
    )
  })

  test('come out also byte by byte', () => {
    const frames = [Buffer.alloc(0), Buffer.from('abc'), Buffer.alloc(70_000, 'x'), Buffer.from('d')]
    const got: Buffer[] = []
    feed(new FrameReader(bytes => got.push(bytes), 1 << 20), streamOf(frames), [1])
    expect(got.map((bytes, index) => bytes.equals(frames[index]!))).toEqual([true, true, true, true])
  })

  test('small ones share a chunk; a large one gets a buffer of just its size', () => {
    const got: Buffer[] = []
    const reader = new FrameReader(bytes => got.push(bytes), 1 << 20)
    feed(reader, streamOf([Buffer.from('a'), Buffer.from('b'), Buffer.alloc(200_000)]), [1 << 20])
    expect(got[0]!.buffer).toBe(got[1]!.buffer)
    expect(got[2]!.buffer.byteLength).toBe(200_004)
  })

  test('a frame of no bytes is one', () => {
    const got: Buffer[] = []
    feed(new FrameReader(bytes => got.push(bytes), 10), streamOf([Buffer.alloc(0)]), [1])
    expect(got.map(({ length }) => length)).toEqual([0])
  })

  test('a part of one waits', () => {
    const got: Buffer[] = []
    const reader = new FrameReader(bytes => got.push(bytes), 10)
    feed(reader, streamOf([Buffer.from('abc')]).subarray(0, 6), [10])
    expect([got.length, reader.pendingBytes]).toEqual([0, 6])
  })

  test('the size of a frame is known once its length field is there, and forgotten with its end', () => {
    const sizes: number[] = []
    const reader = new FrameReader(() => {}, 100_000)
    const stream = streamOf([Buffer.alloc(70_000), Buffer.from('abc')])
    let fed = 0
    for (const end of [3, 4, 70_003, 70_004, 70_009, 70_011]) {
      feed(reader, stream.subarray(fed, end), [1 << 20])
      fed = end
      sizes.push(reader.announcedBytes)
    }
    expect(sizes).toEqual([0, 70_000, 70_000, 0, 3, 0])
    feed(reader, stream.subarray(0, 10), [10])
    reader.stop()
    expect(reader.announcedBytes).toBe(0)
  })
})

describe('a length that cannot be', () => {
  const failureOf = (bytes: Uint8Array, maxFrameBytes = 1000) => {
    try {
      feed(new FrameReader(() => {}, maxFrameBytes), bytes, [1000])
    } catch (error) {
      return error instanceof KafkaError ? `${error.code} ${error.message}` : error
    }
    return 'nothing'
  }
  const lengthOf = (length: number) => {
    const bytes = Buffer.alloc(4)
    bytes.writeInt32BE(length)
    return bytes
  }

  test.each([-1, -0x8000_0000, 1001, 0x7fff_ffff])('%i is MALFORMED_MESSAGE, before a byte of the frame has come', length => {
    expect(failureOf(lengthOf(length))).toBe(`MALFORMED_MESSAGE a frame of ${length} bytes is outside 0 to 1000`)
  })

  test('the largest one allowed is fine', () => {
    expect(failureOf(lengthOf(1000))).toBe('nothing')
  })

  test.each(['GET / HTTP/1.1', 'POST /topics', 'HEAD /', 'PUT /x', 'HTTP/1.1 400'])('%s looks like HTTP', text => {
    expect(failureOf(Buffer.from(text))).toMatch(/; this looks like HTTP$/)
  })

  test.each(['1603010200', '1503030002'])('%s looks like TLS', hex => {
    expect(failureOf(Buffer.from(hex, 'hex'))).toMatch(/; this looks like TLS$/)
  })

  test('frames in front of it are given out', () => {
    const got: string[] = []
    const reader = new FrameReader(bytes => got.push(String(bytes)), 10)
    expect(() => feed(reader, Buffer.concat([streamOf([Buffer.from('ok')]), lengthOf(11)]), [100])).toThrow('a frame of 11 bytes')
    expect(got).toEqual(['ok'])
  })
})

describe('stop', () => {
  test('ends it, also from within a frame', () => {
    const got: string[] = []
    const reader: FrameReader = new FrameReader(bytes => {
      got.push(String(bytes))
      reader.stop()
    }, 10)
    feed(reader, streamOf([Buffer.from('a'), Buffer.from('b')]), [100])
    feed(reader, streamOf([Buffer.from('c')]), [3])
    expect(got).toEqual(['a'])
  })

  test('what comes after it takes no memory, and leaves frames given out alone', () => {
    const got: Buffer[] = []
    const reader = new FrameReader(bytes => got.push(bytes), 10)
    feed(reader, streamOf([Buffer.from('kept')]), [100])
    reader.stop()
    const send = () => feed(reader, new Uint8Array(1_000_000).fill(1), [100_000])
    send()
    const { buffer } = reader.supplyBuffer()
    send()
    expect(reader.supplyBuffer().buffer === buffer).toBe(true)
    expect(buffer.byteLength).toBeLessThan(100_000)
    expect(String(got[0])).toBe('kept')
  })
})

test('frameOf puts the length of all chunks in front', () => {
  const chunks = frameOf([Buffer.from('ab'), Buffer.from('cde')])
  expect(Buffer.concat(chunks).toString('hex')).toBe('000000056162636465')
  expect(chunks).toHaveLength(3)
})
