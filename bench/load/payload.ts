/** Bytes of every payload. */
export const PAYLOAD_BYTES = 128;

const TAG_DIGITS = 4;
const SEQUENCE_DIGITS = 10;
const FILL = 'mangrove '.repeat(20).slice(0, PAYLOAD_BYTES - TAG_DIGITS - SEQUENCE_DIGITS);

/**
 * A payload of 128 ASCII bytes that needs no escape in any protocol: who sent it, its number, filling.
 *
 * @param tag 0–9999: the caller's number, where it matters.
 */
export function payload(tag: number, sequence: number): string {
  return String(tag).padStart(TAG_DIGITS, '0') + String(sequence).padStart(SEQUENCE_DIGITS, '0') + FILL;
}

/**
 * Checks a payload byte for byte.
 *
 * @throws Error if it is not the one expected.
 */
export function checkPayload(text: string, tag: number, sequence: number): void {
  const expected = payload(tag, sequence);
  if (text !== expected) {
    throw new Error(
      `expected ${expected.slice(0, 14)}… (${expected.length}), got ${text.slice(0, 14)}… (${text.length})`,
    );
  }
}
