import type { Dialect } from './frame.js';
import type { StompVersion } from './versions.js';

/**
 * A header's name or value without its escapes, in one pass from left to right [STOMP 1.2 §Value Encoding]; undefined if
 * it holds an undefined escape. 1.0 has no escapes; 1.1 has `\n`, `\c` and `\\`; 1.2 also `\r`. A lenient dialect leaves
 * what 1.1 does not define as it stands, because clients of that age escape nothing.
 */
export function unescape(text: string, dialect: Dialect): string | undefined {
  const { version, lenient } = dialect;
  if (version === undefined || version === '1.0') return text;
  let at = text.indexOf('\\');
  if (at < 0) return text;
  let plain = '';
  let from = 0;
  while (at >= 0) {
    const character = unescaped(text[at + 1], version);
    if (character === undefined && (version === '1.2' || !lenient)) return undefined;
    plain += text.slice(from, at) + (character ?? text.slice(at, at + 2));
    from = at + 2;
    at = text.indexOf('\\', from);
  }
  return plain + text.slice(from);
}

function unescaped(letter: string | undefined, version: StompVersion): string | undefined {
  switch (letter) {
    case 'n':
      return '\n';
    case 'c':
      return ':';
    case '\\':
      return '\\';
    case 'r':
      return version === '1.2' ? '\r' : undefined;
    default:
      return undefined;
  }
}

/**
 * One header line, LF included; empty if the version cannot say it: no name, a NUL, in 1.0 a line end or a `:` in the
 * name, in 1.1 a CR. What cannot be escaped must not be sent, or it could be read as another header.
 */
export function headerLine(name: string, value: string, version: StompVersion): string {
  // Nearly all are so: one look at each, instead of four.
  if (name !== '' && !CARE.test(name) && !CARE.test(value)) return `${name}:${value}\n`;
  return carefulLine(name, value, version);
}

/** The same for a name of our own, which needs no look; `prefix` is the name with its colon. */
export function ownLine(prefix: `${string}:`, value: string, version: StompVersion): string {
  return CARE.test(value) ? carefulLine(prefix.slice(0, -1), value, version) : `${prefix}${value}\n`;
}

function carefulLine(name: string, value: string, version: StompVersion): string {
  if (name === '' || !isSpeakable(name, version) || !isSpeakable(value, version)) return '';
  if (version !== '1.0') return `${escape(name)}:${escape(value)}\n`;
  return name.includes(':') ? '' : `${name}:${value}\n`;
}

function isSpeakable(text: string, version: StompVersion): boolean {
  if (text.includes('\0')) return false;
  if (version === '1.2') return true;
  return !text.includes('\r') && (version === '1.1' || !text.includes('\n'));
}

function escape(text: string): string {
  return SPECIAL.test(text) ? text.replace(EVERY_SPECIAL, (character) => ESCAPES[character]!) : text;
}

/** What some version escapes or cannot say. */
const CARE = /[\0\\\n\r:]/;
const SPECIAL = /[\\\n\r:]/;
const EVERY_SPECIAL = /[\\\n\r:]/g;
const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', '\n': '\\n', '\r': '\\r', ':': '\\c' };
