import type { IMessage } from '@stomp/stompjs';

/** Headers that say how a JSON body becomes arguments: as the one, or spread over several. */
export const bodyOf = {
  value: { 'content-type': 'application/json', 'wamp-payload': 'value' },
  args: { 'content-type': 'application/json', 'wamp-payload': 'args' },
} as const;

/** The arguments that a MESSAGE carries, by its `content-type` and `wamp-payload`. */
export function valuesOf({ headers, body, binaryBody, isBinaryBody }: IMessage): readonly unknown[] {
  const shape = headers['wamp-payload'];
  if (shape === 'none') return [];
  if (shape === 'bytes') return [isBinaryBody ? binaryBody : body];
  if (!/json/.test(headers['content-type'] ?? '')) return body === '' ? [] : [body];
  const value = parsed(body);
  return shape === 'args' && Array.isArray(value) ? (value as unknown[]) : [value];
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    // Somebody sent it with a type that it is not of.
    return body;
  }
}
