import { createHash, timingSafeEqual } from 'node:crypto';

/** Whether two texts are the same; the time that it takes tells neither where they differ nor how long the second one is. */
export function sameText(one: string, other: string): boolean {
  return timingSafeEqual(digest(one), digest(other));
}

/** Whether two byte strings are the same; the time that it takes does not tell where they differ. */
export function sameBytes(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && timingSafeEqual(one, other);
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
