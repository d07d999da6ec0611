import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

const LINE_COUNT = 1000
const SEED = 0x9e3779b9
const LETTERS = 'abcdefghijklmnopqrstuvwxyz0123456789'
const CITIES = ['Oslo', 'Lima', 'Accra', 'Osaka', 'Turin', 'Quito']

/**
 * Writes the values that all clients send: 1,000 different lines that look like JSON, each of exactly `valueBytes` bytes, the same ones
 * every time.
 *
 * @returns Path of the file.
 */
export function writePayloads(folder: string, valueBytes: number): string {
  const draw = xorshift(SEED + valueBytes)
  const path = join(folder, `values-${valueBytes}.txt`)
  writeFileSync(path, `${Array.from({ length: LINE_COUNT }, () => lineOf(valueBytes, draw)).join('\n')}\n`)
  return path
}

function lineOf(length: number, draw: (below: number) => number): string {
  const word = (letters: number) => Array.from({ length: letters }, () => LETTERS[draw(LETTERS.length)]!).join('')
  let line = `{"id":${100_000 + draw(900_000)},"user":"${word(8)}","city":"${CITIES[draw(CITIES.length)]!}"`
  while (line.length + 40 < length) line += `,"${word(4)}":"${word(6 + draw(10))}"`
  return `${line},"p":"${word(length - line.length - 8)}"}`
}

/** Numbers below a bound, from a seed: a run must not differ from the one before by its data. */
function xorshift(seed: number): (below: number) => number {
  let state = seed | 0
  return below => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) % below
  }
}
