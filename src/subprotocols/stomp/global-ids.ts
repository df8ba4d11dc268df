/** The largest id of global scope [WAMP BP IDs]. */
const MAX_ID = 2 ** 53;
const DIGITS = /^[1-9]\d{0,15}$/;

/** The id of a session or a publication that a text writes; undefined if it writes none. */
export function idOf(text: string): number | undefined {
  if (!DIGITS.test(text)) return undefined;
  const id = Number(text);
  // Above the largest the next number may be read as the one before.
  return id <= MAX_ID && String(id) === text ? id : undefined;
}
