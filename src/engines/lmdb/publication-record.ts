import { Payload, Publication } from '../../broker/index.js';
import type {
  Audience,
  BodyShape,
  Headers,
  Identity,
  Passthru,
  Principal,
  PublicationContent,
  Receivers,
  StoredPayload,
} from '../../broker/index.js';
import type { SerializerName } from '../../serializers/index.js';
import type { ByteSink, ByteSource } from './bytes.js';

/** What of a publication follows; part of the format. */
const HAS = {
  spelling: 1,
  expiry: 2,
  publisher: 4,
  headers: 8,
  eligible: 16,
  exclude: 32,
  /** The payload is a body, else encoded arguments. */
  body: 64,
  contentType: 128,
  args: 256,
  kwargs: 512,
  excludePublisher: 1024,
  shard: 2048,
  passthru: 4096,
  trustlevel: 8192,
} as const;

const KNOWN = Object.values(HAS).reduce((all: number, flag) => all | flag, 0);

/** Part of the format. */
const SERIALIZER_CODES = { json: 1, msgpack: 2, cbor: 3 } as const satisfies Record<SerializerName, number>;

/** Part of the format; 0 is no shape. */
const SHAPE_CODES = { none: 1, value: 2, bytes: 3, args: 4, kwargs: 5, both: 6 } as const satisfies Record<
  BodyShape,
  number
>;

/** Writes all that a publication is made of. Whatever its receivers had encoded of it is made anew. */
export function writePublication(sink: ByteSink, publication: Publication): void {
  const { spelling, expiresAt, publisher, headers, audience, origin } = publication;
  const stored = publication.payload.stored;
  sink.u32(flagsOf(publication, stored));
  sink.f64(publication.id);
  sink.f64(publication.publishedAt);
  sink.text(publication.topic);
  if (spelling !== undefined) sink.text(spelling);
  if (expiresAt !== undefined) sink.f64(expiresAt);
  if (publisher !== undefined) {
    sink.f64(publisher.session);
    sink.text(publisher.authid);
    sink.text(publisher.authrole);
  }
  sink.text(origin.protocol);
  sink.f64(origin.session);
  writePrincipal(sink, origin.principal);
  if (headers !== undefined) writeHeaders(sink, headers);
  if (audience?.eligible !== undefined) writeReceivers(sink, audience.eligible);
  if (audience?.exclude !== undefined) writeReceivers(sink, audience.exclude);
  const { shard, passthru, trustlevel } = publication;
  if (shard !== undefined) sink.text(shard);
  if (passthru !== undefined) writePassthru(sink, passthru);
  if (trustlevel !== undefined) sink.f64(trustlevel);
  writePayload(sink, stored);
}

/** What a record says first. */
export interface PublicationHead {
  readonly id: number;
  /** In ms since the Unix epoch. */
  readonly publishedAt: number;
  readonly topic: string;
  /** In ms since the Unix epoch; infinite if it never expires. */
  readonly expiresAt: number;
}

/** Reads a record no further than it is worth, if it is not wanted. */
export function readHead(source: ByteSource): PublicationHead {
  const flags = source.u32();
  const id = source.f64();
  const publishedAt = source.f64();
  const topic = source.text();
  if ((flags & HAS.spelling) !== 0) source.text();
  const expiresAt = (flags & HAS.expiry) === 0 ? Number.POSITIVE_INFINITY : source.f64();
  return { id, publishedAt, topic, expiresAt };
}

/** The publication as it was. */
export function readPublication(source: ByteSource): Publication {
  const flags = source.u32();
  // What follows could not be told apart.
  if ((flags & ~KNOWN) !== 0) throw new RangeError('The record says more than this version knows.');
  const has = (what: keyof typeof HAS) => (flags & HAS[what]) !== 0;
  const id = source.f64();
  const publishedAt = source.f64();
  const topic = source.text();
  const spelling = has('spelling') ? source.text() : undefined;
  const expiresAt = has('expiry') ? source.f64() : undefined;
  const publisher = has('publisher') ? readIdentity(source) : undefined;
  const protocol = source.text();
  const session = source.f64();
  const principal = readPrincipal(source);
  const headers = has('headers') ? readHeaders(source) : undefined;
  const eligible = has('eligible') ? readReceivers(source) : undefined;
  const exclude = has('exclude') ? readReceivers(source) : undefined;
  const audience: Audience | undefined =
    eligible === undefined && exclude === undefined ? undefined : { eligible, exclude };
  const shard = has('shard') ? source.text() : undefined;
  const passthru = has('passthru') ? readPassthru(source) : undefined;
  const trustlevel = has('trustlevel') ? source.f64() : undefined;
  const payload = Payload.restore(readPayload(source, has));
  const excludePublisher = has('excludePublisher') ? true : undefined;
  // In one piece: an object that is spread into another and added to has a shape of its own, and every look at it costs.
  const content: PublicationContent = {
    topic,
    payload,
    headers,
    spelling,
    expiresAt,
    audience,
    excludePublisher,
    shard,
    passthru,
    trustlevel,
  };
  return new Publication(id, content, publisher, { protocol, session, principal }, publishedAt);
}

function flagsOf(publication: Publication, stored: StoredPayload): number {
  const { audience } = publication;
  let flags =
    (publication.spelling === undefined ? 0 : HAS.spelling) |
    (publication.expiresAt === undefined ? 0 : HAS.expiry) |
    (publication.publisher === undefined ? 0 : HAS.publisher) |
    (publication.headers === undefined ? 0 : HAS.headers) |
    (publication.excludePublisher === true ? HAS.excludePublisher : 0) |
    (publication.shard === undefined ? 0 : HAS.shard) |
    (publication.passthru === undefined ? 0 : HAS.passthru) |
    (publication.trustlevel === undefined ? 0 : HAS.trustlevel) |
    (audience?.eligible === undefined ? 0 : HAS.eligible) |
    (audience?.exclude === undefined ? 0 : HAS.exclude);
  if (stored.kind === 'body')
    return flags | HAS.body | (stored.body.contentType === undefined ? 0 : HAS.contentType);
  const { args, kwargs, contentType } = stored.slices;
  flags |= args === undefined ? 0 : HAS.args;
  flags |= kwargs === undefined ? 0 : HAS.kwargs;
  return flags | (contentType === undefined ? 0 : HAS.contentType);
}

function writePayload(sink: ByteSink, stored: StoredPayload): void {
  if (stored.kind === 'body') {
    const { bytes, contentType, shape } = stored.body;
    sink.u8(shape === undefined ? 0 : SHAPE_CODES[shape]);
    if (contentType !== undefined) sink.text(contentType);
    sink.bytes(bytes);
    return;
  }
  const { serializer, args, kwargs, contentType } = stored.slices;
  sink.u8(SERIALIZER_CODES[serializer]);
  if (contentType !== undefined) sink.text(contentType);
  if (args !== undefined) sink.bytes(args);
  if (kwargs !== undefined) sink.bytes(kwargs);
}

function readPayload(source: ByteSource, has: (what: keyof typeof HAS) => boolean): StoredPayload {
  const code = source.u8();
  const contentType = has('contentType') ? source.text() : undefined;
  if (has('body')) {
    const shape = code === 0 ? undefined : named(SHAPE_CODES, code);
    return { kind: 'body', body: { bytes: source.bytes(), contentType, shape } };
  }
  const args = has('args') ? source.bytes() : undefined;
  const kwargs = has('kwargs') ? source.bytes() : undefined;
  return { kind: 'slices', slices: { serializer: named(SERIALIZER_CODES, code), args, kwargs, contentType } };
}

function named<Name extends string>(codes: Readonly<Record<Name, number>>, code: number): Name {
  for (const name in codes) if (codes[name] === code) return name;
  throw new RangeError(`The record has an unknown code ${code}.`);
}

function readIdentity(source: ByteSource): Identity {
  return { session: source.f64(), authid: source.text(), authrole: source.text() };
}

function writePrincipal(sink: ByteSink, principal: Principal): void {
  sink.text(principal.authid);
  sink.text(principal.authrole);
  sink.text(principal.authmethod);
  sink.text(principal.authprovider);
}

function readPrincipal(source: ByteSource): Principal {
  return {
    authid: source.text(),
    authrole: source.text(),
    authmethod: source.text(),
    authprovider: source.text(),
  };
}

/** Which of its texts are there, then those. */
function writePassthru(sink: ByteSink, { scheme, serializer, cipher, keyid, older }: Passthru): void {
  const texts = [serializer, cipher, keyid, older?.algo, older?.key, older?.serializer];
  sink.text(scheme);
  sink.u8(texts.reduce((there, text, at) => (text === undefined ? there : there | (1 << at)), 0));
  for (const text of texts) if (text !== undefined) sink.text(text);
}

function readPassthru(source: ByteSource): Passthru {
  const scheme = source.text();
  const there = source.u8();
  const text = (bit: number): string | undefined => ((there & bit) === 0 ? undefined : source.text());
  const [serializer, cipher, keyid] = [text(1), text(2), text(4)];
  const [algo, key, olderSerializer] = [text(8), text(16), text(32)];
  const older = algo === undefined ? undefined : { algo, key, serializer: olderSerializer };
  return { scheme, serializer, cipher, keyid, older };
}

function writeHeaders(sink: ByteSink, headers: Headers): void {
  sink.u32(headers.size);
  for (const [name, value] of headers) {
    sink.text(name);
    sink.text(value);
  }
}

function readHeaders(source: ByteSource): Headers {
  const headers = new Map<string, string>();
  for (let left = source.u32(); left > 0; left--) headers.set(source.text(), source.text());
  return headers;
}

function writeReceivers(sink: ByteSink, { sessions, authids, authroles }: Receivers): void {
  sink.u8((sessions ? 1 : 0) | (authids ? 2 : 0) | (authroles ? 4 : 0));
  if (sessions !== undefined) {
    sink.u32(sessions.size);
    for (const session of sessions) sink.f64(session);
  }
  for (const names of [authids, authroles]) {
    if (names === undefined) continue;
    sink.u32(names.size);
    for (const name of names) sink.text(name);
  }
}

function readReceivers(source: ByteSource): Receivers {
  const lists = source.u8();
  const sessions = (lists & 1) === 0 ? undefined : readSet(source, () => source.f64());
  const authids = (lists & 2) === 0 ? undefined : readSet(source, () => source.text());
  const authroles = (lists & 4) === 0 ? undefined : readSet(source, () => source.text());
  return { sessions, authids, authroles };
}

function readSet<Item>(source: ByteSource, read: () => Item): Set<Item> {
  const set = new Set<Item>();
  for (let left = source.u32(); left > 0; left--) set.add(read());
  return set;
}
