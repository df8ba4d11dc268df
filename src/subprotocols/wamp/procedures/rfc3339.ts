const TIMESTAMP = /^(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(\.\d+)?(?:[Zz]|([+-])(\d\d):(\d\d))$/;

/**
 * Reads a timestamp [RFC 3339 §5.6], with any number of digits after the second and any offset; a leap second is the beginning of
 * the next one.
 *
 * @returns ms since the Unix epoch, with a fraction if it has one; undefined if it is no such text.
 */
export function parseTimestamp(text: string): number | undefined {
  const match = text.length > LONGEST ? null : TIMESTAMP.exec(text);
  if (match === null) return undefined;
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map(Number) as Six;
  const [, , , , , , , fraction = '.0', sign, hours = '0', minutes = '0'] = match;
  if (hour > 23 || minute > 59 || second > 60 || Number(hours) > 23 || Number(minutes) > 59) return undefined;
  const date = new Date(0);
  // Not `Date.UTC`, which takes the years 0 … 99 for those of the twentieth century.
  date.setUTCFullYear(year, month - 1, day);
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return undefined;
  const offset = (Number(hours) * 60 + Number(minutes)) * (sign === '-' ? -1 : 1);
  return date.getTime() + ((hour * 60 + minute - offset) * 60 + second) * 1000 + milliseconds(fraction);
}

/** Writes a time, in ms since the Unix epoch, to the millisecond and in UTC. */
export function timestampOf(ms: number): string {
  return new Date(ms).toISOString();
}

/** Read as digits: multiplied, some would be a little less than they are. */
function milliseconds(fraction: string): number {
  return Number(`${fraction.slice(1, 4).padEnd(3, '0')}.${fraction.slice(4) || '0'}`);
}

type Six = [number, number, number, number, number, number];

/** No clock is finer than what that has room for. */
const LONGEST = 64;
