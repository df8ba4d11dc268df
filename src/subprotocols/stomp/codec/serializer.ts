import { headerLine } from './escaping.js';
import type { StompVersion } from './versions.js';

/** Headers as pairs, in the order in which they are written. */
export type HeaderPairs = Iterable<readonly [name: string, value: string]>;

/** Header lines; those that the version cannot say are left out. */
function headerLines(headers: HeaderPairs, version: StompVersion): string {
  let lines = '';
  for (const [name, value] of headers) lines += headerLine(name, value, version);
  return lines;
}

/** The end of a frame: the last header lines, `content-length` if there is a body, the body and the NUL. */
export function frameTail(lines: string, body: Uint8Array): Buffer {
  if (body.length === 0) return Buffer.from(`${lines}\n\0`);
  const head = `${lines}content-length:${body.length}\n\n`;
  const headLength = Buffer.byteLength(head);
  const tail = Buffer.allocUnsafe(headLength + body.length + 1);
  // Nearly all heads are ASCII, and need no encoder.
  tail.write(head, 0, headLength === head.length ? 'latin1' : 'utf8');
  tail.set(body, headLength);
  tail[headLength + body.length] = 0;
  return tail;
}

/** A whole frame [STOMP 1.2 §STOMP Frames]; its `content-length` is always counted anew. */
export function encodeFrame(
  command: string,
  headers: HeaderPairs,
  version: StompVersion,
  body: Uint8Array = NO_BODY,
): Buffer {
  return frameTail(`${command}\n${headerLines(headers, version)}`, body);
}

const NO_BODY = new Uint8Array(0);

/** CONNECTED, which is never escaped [STOMP 1.2 §Value Encoding]: a header that would need it is left out. */
export function encodeConnected(headers: HeaderPairs): Buffer {
  let lines = 'CONNECTED\n';
  for (const [name, value] of headers) if (!NOT_RAW.test(value)) lines += `${name}:${value}\n`;
  return frameTail(lines, NO_BODY);
}

const NOT_RAW = /\p{Cc}/u;
