/**
 * The digits of a decimal without the point: "12.34" with a scale of 2 gives 1234n. Null if the text is no number or has more digits
 * than the type.
 */
export function parseDecimal(text: string, precision: number, scale: number): bigint | null {
  const match = /^([+-]?)(\d+)(?:\.(\d*))?$/.exec(text)
  if (match === null) return null
  const whole = match[2]!.replace(/^0+(?=\d)/, '')
  const fraction = (match[3] ?? '').replace(/0+$/, '')
  if (fraction.length > scale || (whole === '0' ? 0 : whole.length) > precision - scale) return null
  const unscaled = BigInt(whole + fraction.padEnd(scale, '0'))
  return match[1] === '-' ? -unscaled : unscaled
}

/** The reverse of {@link parseDecimal}, always with `scale` digits behind the point. */
export function formatDecimal(unscaled: bigint, scale: number): string {
  const digits = (unscaled < 0n ? -unscaled : unscaled).toString().padStart(scale + 1, '0')
  const point = digits.length - scale
  return `${unscaled < 0n ? '-' : ''}${digits.slice(0, point)}${scale === 0 ? '' : `.${digits.slice(point)}`}`
}

/** Two's complement, most significant byte first. @throws Error for no bytes, as Java's `BigInteger`. */
export function bigintOf(bytes: Buffer): bigint {
  if (bytes.length === 0) throw new Error('a decimal has at least one byte')
  return BigInt.asIntN(bytes.length * 8, BigInt(`0x${bytes.toString('hex')}`))
}

/** The reverse of {@link bigintOf}, in the fewest bytes or in `sizeBytes`, which have to be enough. */
export function bytesOfBigint(value: bigint, sizeBytes?: number): Buffer {
  const size = sizeBytes ?? leastSizeOf(value)
  return Buffer.from(
    BigInt.asUintN(size * 8, value)
      .toString(16)
      .padStart(size * 2, '0'),
    'hex',
  )
}

function leastSizeOf(value: bigint): number {
  // One bit is the sign's; of a negative number's digits, those of its complement count.
  const magnitude = value < 0n ? ~value : value
  const bits = magnitude === 0n ? 0 : magnitude.toString(2).length
  return Math.floor(bits / 8) + 1
}

/** How many decimal digits `sizeBytes` of two's complement hold in any case. */
export function digitsIn(sizeBytes: number): number {
  return Math.floor(Math.log10(2) * (sizeBytes * 8 - 1))
}
