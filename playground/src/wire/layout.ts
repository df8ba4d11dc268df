/** A value as people read it: JSON, on one line if it fits, else one element a line. */
export function layout(value: unknown, width = 38, indent = ''): string {
  const line = oneLine(value);
  if (indent.length + line.length <= width) return line;
  const deeper = `${indent}  `;
  if (Array.isArray(value)) {
    if (value.length === 0) return line;
    const items = value.map((item) => layout(item, width, deeper));
    return `[\n${packed(items, width - deeper.length, `,\n${deeper}`, deeper)}\n${indent}]`;
  }
  const entries = isPlain(value) ? Object.entries(value) : [];
  if (entries.length === 0) return line;
  const members = entries.map(
    ([key, member]) => `${deeper}${JSON.stringify(key)}: ${layout(member, width, deeper)}`,
  );
  return `{\n${members.join(',\n')}\n${indent}}`;
}

/** Short neighbours share a line; what has lines of its own stands alone. */
function packed(items: readonly string[], width: number, separator: string, indent: string): string {
  const lines: string[] = [];
  for (const item of items) {
    const last = lines.at(-1);
    const together = `${last}, ${item}`;
    if (last === undefined || together.length > width || together.includes('\n')) lines.push(item);
    else lines[lines.length - 1] = together;
  }
  return `${indent}${lines.join(separator)}`;
}

/** A value on one line: JSON, with big integers as digits and octets in hexadecimal. */
export function oneLine(value: unknown): string {
  if (typeof value === 'bigint') return String(value);
  if (value instanceof Uint8Array) return `h'${hex(value)}'`;
  if (Array.isArray(value)) return `[${value.map(oneLine).join(', ')}]`;
  if (isPlain(value)) {
    const members = Object.entries(value).map(
      ([key, member]) => `${JSON.stringify(key)}: ${oneLine(member)}`,
    );
    return members.length === 0 ? '{}' : `{ ${members.join(', ')} }`;
  }
  return JSON.stringify(value) ?? 'undefined';
}

function isPlain(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

/** Octets in hexadecimal, pairs apart; cut after `most` octets. */
export function hex(octets: Uint8Array, most = 32): string {
  const shown = Array.from(octets.subarray(0, most), (octet) => octet.toString(16).padStart(2, '0'));
  return octets.length > most ? `${shown.join(' ')} …` : shown.join(' ');
}

/** A piece of laid out JSON, and what it is. */
export interface Piece {
  readonly kind: 'key' | 'text' | 'number' | 'word' | 'plain';
  readonly text: string;
}

const PIECES = /("(?:[^"\\]|\\.)*")(\s*:)?|(-?\b\d[\d.eE+-]*)|\b(true|false|null)\b/g;

/** Takes laid out JSON apart, to colour it. */
export function piecesOf(text: string): readonly Piece[] {
  const pieces: Piece[] = [];
  let end = 0;
  for (const match of text.matchAll(PIECES)) {
    const [whole, string, colon = '', number] = match;
    if (match.index > end) pieces.push({ kind: 'plain', text: text.slice(end, match.index) });
    if (string !== undefined) {
      pieces.push({ kind: colon === '' ? 'text' : 'key', text: string });
      if (colon !== '') pieces.push({ kind: 'plain', text: colon });
    } else pieces.push({ kind: number === undefined ? 'word' : 'number', text: whole });
    end = match.index + whole.length;
  }
  if (end < text.length) pieces.push({ kind: 'plain', text: text.slice(end) });
  return pieces;
}
