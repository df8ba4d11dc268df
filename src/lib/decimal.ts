/** 0 … 9999, four digits each. */
const FOUR_DIGITS: readonly string[] = Array.from({ length: 10_000 }, (_, n) => String(n).padStart(4, '0'));

/**
 * A whole number from 0 to 2^53 in decimal, as `String` writes it. Of ids, which have 53 random bits: 0.09 µs instead of
 * 0.2, because the engine writes numbers above 2^31 as fractions.
 */
export function decimal(id: number): string {
  if (id < 1e12) return String(id);
  const high = Math.floor(id / 1e12);
  const low = id - high * 1e12;
  const eight = Math.floor(low / 1e4);
  return high + FOUR_DIGITS[Math.floor(eight / 1e4)]! + FOUR_DIGITS[eight % 1e4]! + FOUR_DIGITS[low % 1e4]!;
}
