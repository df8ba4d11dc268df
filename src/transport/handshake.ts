import type { IncomingHttpHeaders } from 'node:http';
import type { Unnegotiated } from './negotiate.js';
import { negotiate } from './negotiate.js';
import { allowsHost, allowsOrigin, ownOrigin } from './origin.js';

/** Why a request is answered without a 101. */
export interface HandshakeRefusal {
  /** The HTTP status. */
  readonly status: number;
  /** A short word for logs. */
  readonly reason: string;
  /** The text of the answer; holds nothing of the request but tokens. */
  readonly message: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** What is decided before the 101: a token, no token (the first message will tell), or a refusal. */
export type Inspection =
  | { readonly kind: 'accepted'; readonly token: string | undefined }
  | { readonly kind: 'refused'; readonly refusal: HandshakeRefusal };

/** Where requests may come from, and for which hosts. */
export interface PlacePolicy {
  readonly origins: ReadonlySet<string>;
  /** Host names that are answered; undefined: all. */
  readonly hosts: ReadonlySet<string> | undefined;
}

/** What an upgrade request is held against. */
export interface HandshakePolicy extends PlacePolicy {
  readonly tokens: ReadonlySet<string>;
  readonly unnegotiated: Unnegotiated;
}

/** The parts of an upgrade request that matter; an `http.IncomingMessage` has them. */
export interface UpgradeHead {
  readonly method?: string | undefined;
  readonly httpVersion: string;
  readonly headers: IncomingHttpHeaders;
  /** Header name → one string per header line. */
  readonly headersDistinct: NodeJS.Dict<string[]>;
}

/** Sixteen octets in base64. */
const KEY = /^[+/0-9A-Za-z]{22}==$/;

/**
 * Decides about an upgrade request, before anything is sent [RFC 6455 §4.2.1]. Pure.
 *
 * @param rest octets that followed the head of the request.
 */
export function inspect(
  request: UpgradeHead,
  rest: Uint8Array,
  encrypted: boolean,
  policy: HandshakePolicy,
): Inspection {
  const refusal =
    refuseRequest(request) ?? refuseBody(request.headers, rest) ?? refusePlace(request, encrypted, policy);
  if (refusal !== undefined) return { kind: 'refused', refusal };
  const lines = request.headersDistinct['sec-websocket-protocol'];
  const negotiation = negotiate(lines, policy.tokens, policy.unnegotiated);
  switch (negotiation.kind) {
    case 'token':
      return { kind: 'accepted', token: negotiation.token };
    case 'nothing_offered':
      return { kind: 'accepted', token: undefined };
    case 'refused':
      return {
        kind: 'refused',
        refusal: { status: 400, reason: 'subprotocol', message: negotiation.message },
      };
  }
}

function refuseRequest(request: UpgradeHead): HandshakeRefusal | undefined {
  const { headers } = request;
  if (request.method !== 'GET') {
    const message = 'A WebSocket handshake is a GET request.';
    return { status: 405, reason: 'method', message, headers: { Allow: 'GET' } };
  }
  if (request.httpVersion !== '1.1')
    return bad('http_version', 'A WebSocket handshake is an HTTP/1.1 request.');
  if (headers.upgrade?.toLowerCase() !== 'websocket') {
    const message = 'Only upgrades to WebSocket are served here.';
    return { status: 426, reason: 'upgrade', message, headers: { Upgrade: 'websocket' } };
  }
  if (headers['sec-websocket-version'] !== '13') {
    return {
      status: 426,
      reason: 'version',
      message: 'Only version 13 of the WebSocket protocol is served.',
      headers: { Upgrade: 'websocket', 'Sec-WebSocket-Version': '13' },
    };
  }
  if (!KEY.test(headers['sec-websocket-key'] ?? '')) {
    return bad('key', 'The Sec-WebSocket-Key header is missing or malformed.');
  }
  return undefined;
}

/** A request that brings a body or another request is how requests are smuggled past a proxy. */
function refuseBody(headers: IncomingHttpHeaders, rest: Uint8Array): HandshakeRefusal | undefined {
  const length = headers['content-length'];
  if (headers['transfer-encoding'] !== undefined || (length !== undefined && Number(length) !== 0)) {
    return bad('body', 'A WebSocket handshake has no body.');
  }
  const first = rest[0];
  if (first !== undefined && isLetter(first))
    return bad('pipelined', 'Nothing but WebSocket frames may follow.');
  return undefined;
}

/** Why a request is refused for its host or its origin; undefined if it is not. */
export function refusePlace(
  request: Pick<UpgradeHead, 'headers' | 'headersDistinct'>,
  encrypted: boolean,
  policy: PlacePolicy,
): HandshakeRefusal | undefined {
  const { headers, headersDistinct } = request;
  if (headersDistinct['host']?.length !== 1) return bad('host', 'A request has one Host header.');
  if (policy.hosts !== undefined && !allowsHost(headers.host, policy.hosts)) {
    return { status: 421, reason: 'host', message: 'This host is not served here.' };
  }
  if (!allowsOrigin(headers.origin, ownOrigin(encrypted, headers.host), policy.origins)) {
    return { status: 403, reason: 'origin', message: 'This origin is not allowed.' };
  }
  return undefined;
}

function bad(reason: string, message: string): HandshakeRefusal {
  return { status: 400, reason, message };
}

function isLetter(octet: number): boolean {
  const lower = octet | 0x20;
  return lower >= 0x61 && lower <= 0x7a;
}
