import type { IncomingMessage } from 'node:http';
import type { Subprotocol } from '../subprotocols/index.js';

/** The protocols that long-poll may carry, in our order [WAMP AP HTTP Longpoll Transport, Opening a Session]. */
const PROTOCOLS = [
  'wamp.2.json.batched',
  'wamp.2.json',
  'wamp.2.msgpack.batched',
  'wamp.2.msgpack',
  'wamp.2.cbor.batched',
  'wamp.2.cbor',
] as const;

/** A request that opens has at most so many bytes. */
const OPENING_BYTES = 4096;

/** What a request to open came to. */
export type Choice =
  | { readonly kind: 'chosen'; readonly token: string; readonly owner: Subprotocol }
  | { readonly kind: 'refused'; readonly message: string };

/** Reads the body of a request to open: the text, or undefined if it is too long. Calls back at most once. */
export function readOpening(request: IncomingMessage, done: (body: string | undefined) => void): void {
  const chunks: Buffer[] = [];
  let length = 0;
  request.on('data', (chunk: Buffer) => {
    length += chunk.length;
    if (length <= OPENING_BYTES) chunks.push(chunk);
    else if (length - chunk.length <= OPENING_BYTES) done(undefined);
  });
  request.once('end', () => {
    if (length <= OPENING_BYTES) done(Buffer.concat(chunks).toString('utf8'));
  });
}

/** Chooses the first of the client's protocols that somebody speaks. Pure. */
export function choose(body: string | undefined, owner: (token: string) => Subprotocol | undefined): Choice {
  if (body === undefined) return refused(`The body may have ${OPENING_BYTES} bytes.`);
  const offered = protocolsOf(body);
  if (offered === undefined) return refused('The body has to be like {"protocols":["wamp.2.json"]}.');
  for (const token of offered) {
    const speaker = isCarried(token) ? owner(token) : undefined;
    if (speaker !== undefined) return { kind: 'chosen', token, owner: speaker };
  }
  const supported = PROTOCOLS.filter((token) => owner(token) !== undefined).join(', ');
  return refused(`None of the protocols is supported. Supported: ${supported}.`);
}

function protocolsOf(body: string): readonly string[] | undefined {
  let document: unknown;
  try {
    document = JSON.parse(body);
  } catch {
    return undefined;
  }
  if (typeof document !== 'object' || document === null || !('protocols' in document)) return undefined;
  const { protocols } = document;
  if (!Array.isArray(protocols)) return undefined;
  return protocols.every((token) => typeof token === 'string') ? protocols : undefined;
}

function isCarried(token: string): boolean {
  return PROTOCOLS.some((known) => known === token);
}

function refused(message: string): Choice {
  return { kind: 'refused', message };
}
