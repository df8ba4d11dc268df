import type { CloseKind } from '../subprotocols/index.js';

/** Kind of close → WebSocket close code [RFC 6455 §7.4.1; 1013 is IANA's "try again later"]. The one table for all protocols. */
export const CLOSE_CODES = {
  normal: 1000,
  going_away: 1001,
  protocol_error: 1002,
  invalid_data: 1007,
  policy: 1008,
  too_big: 1009,
  internal: 1011,
  overloaded: 1013,
} as const satisfies Readonly<Record<CloseKind, number>>;

/** What a close frame has room for besides the code, in bytes [RFC 6455 §5.5]. */
const TEXT_BYTES = 123;

/** Cuts a close reason to 123 bytes, at a border between characters. */
export function closeText(text: string): string {
  const bytes = Buffer.from(text);
  if (bytes.length <= TEXT_BYTES) return text;
  let end = TEXT_BYTES;
  while ((bytes[end]! & 0xc0) === 0x80) end -= 1;
  return bytes.toString('utf8', 0, end);
}
