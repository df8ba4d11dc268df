/** Commonly mapped to nothing [RFC 3454 B.1]. */
const NOTHING = /\u00ad|\u034f|\u1806|[\u180b-\u180d]|[\u200b-\u200d]|\u2060|[\ufe00-\ufe0f]|\ufeff/gu;
/** Spaces that are not the ASCII one [RFC 3454 C.1.2]. */
const SPACES = /[\u00a0\u1680\u2000-\u200b\u202f\u205f\u3000]/gu;
/** Prohibited output [RFC 4013 §2.3]: controls, private use, non-characters, surrogates, what is not for plain text, tags. */
const PROHIBITED =
  /[\p{Cc}\p{Co}\p{Cs}\p{Noncharacter_Code_Point}\u0340\u0341\u06dd\u070f\u180e\u200e\u200f\u2028-\u202e\u2061-\u2063\u206a-\u206f\u2ff0-\u2ffb\ufff9-\ufffd\u{1d173}-\u{1d17a}\u{e0001}\u{e0020}-\u{e007f}]/u;
/** Letters that are written from right to left [RFC 3454 D.1], by their scripts. */
const RIGHT_TO_LEFT =
  /[\u05be\u05c0\u05c3\u061b\u061f]|(?=[\p{Script=Hebrew}\p{Script=Arabic}\p{Script=Syriac}\p{Script=Thaana}])[\p{L}]/u;
const LETTER = /\p{L}/u;

/**
 * Prepares a name or a password as SASLprep does [RFC 4013], so that the same text typed on two systems is the same bytes;
 * undefined if it has what it must not have. Code points that were unassigned in Unicode 3.2 are let through.
 */
export function saslprep(text: string): string | undefined {
  const mapped = text.replaceAll(NOTHING, '').replaceAll(SPACES, ' ').normalize('NFKC');
  return PROHIBITED.test(mapped) || breaksDirection([...mapped]) ? undefined : mapped;
}

/** What runs from right to left begins and ends so, and has nothing that runs the other way [RFC 3454 §6]. */
function breaksDirection(characters: readonly string[]): boolean {
  const isReversed = (character: string): boolean => RIGHT_TO_LEFT.test(character);
  if (!characters.some(isReversed)) return false;
  const ends = [characters[0] ?? '', characters[characters.length - 1] ?? ''];
  return (
    !ends.every(isReversed) ||
    characters.some((character) => LETTER.test(character) && !isReversed(character))
  );
}
