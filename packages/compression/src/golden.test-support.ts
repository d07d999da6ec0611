import { createHash } from 'node:crypto'
import type { CodecType } from '@logwerk/protocol'
import java from '../golden/java.json' with { type: 'json' }
import reference from '../golden/reference.json' with { type: 'json' }

/** What another implementation made of an input. */
export interface GoldenCase {
  readonly codec: CodecType
  readonly name: string
  readonly level?: number
  readonly input: GoldenInput
  readonly inputSha256?: string
  /** In base64. */
  readonly compressed: string
}

type GoldenInput =
  | { readonly base64: string }
  | { readonly generator: 'random' | 'words'; readonly seed: number; readonly sizeBytes: number }
  | { readonly generator: 'repeat'; readonly byte: number; readonly sizeBytes: number }

/** Written by Kafka's Java classes. */
export const javaCases = java.cases as GoldenCase[]
/** Written by the reference libraries. */
export const referenceCases = reference.cases as GoldenCase[]
/** xxHash32 of the first bytes of a generated input. */
export const referenceChecksums = reference.checksums

const vocabulary = java.words.map(word => Buffer.from(word))

/** The input of a case; `java.json` describes the generators. */
export function inputOf(golden: GoldenCase): Buffer {
  const bytes = generate(golden.input)
  if (golden.inputSha256 !== undefined && createHash('sha256').update(bytes).digest('hex') !== golden.inputSha256)
    throw new Error(`${golden.codec}, ${golden.name}: the generated input is not the one that was compressed`)
  return bytes
}

export function generate(input: GoldenInput): Buffer {
  if ('base64' in input) return Buffer.from(input.base64, 'base64')
  if (input.generator === 'repeat') return Buffer.alloc(input.sizeBytes, input.byte)
  const pieces: Buffer[] = []
  let state = input.seed
  for (let bytes = 0; bytes < input.sizeBytes; ) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    const piece = input.generator === 'random' ? Buffer.of(state >>> 24) : vocabulary[state >>> 28]!
    pieces.push(piece)
    bytes += piece.length
  }
  return Buffer.concat(pieces).subarray(0, input.sizeBytes)
}

/** JSON lines such as applications send. */
export function jsonLines(sizeBytes: number): Buffer {
  const lines: string[] = []
  for (let id = 0, length = 0; length < sizeBytes; id++) {
    const order = {
      id,
      customer: `customer-${(id * 7919) % 1000}`,
      at: 1_700_000_000_000 + id * 137,
      total: ((id * 31_337) % 100_000) / 100,
    }
    lines.push(`${JSON.stringify(order)}\n`)
    length += lines.at(-1)!.length
  }
  return Buffer.from(lines.join('')).subarray(0, sizeBytes)
}
