import type { PublicationContent } from '../broker/index.js';
import { Payload, Publication } from '../broker/index.js';

/** What a test wants of a publication; the rest is made up. */
export interface PublicationWishes extends Partial<PublicationContent> {
  readonly id: number;
  /** When the router took it, in ms since the Unix epoch. Default: the id. */
  readonly publishedAt?: number;
  /** A body of so many octets instead of the id in digits. */
  readonly bytes?: number;
  /** The publisher's session; it is disclosed. Default 0, which is not. */
  readonly session?: number;
}

/** A publication without a broker, for the contract suites of stores. */
export function samplePublication({
  id,
  publishedAt = id,
  bytes,
  session = 0,
  ...content
}: PublicationWishes): Publication {
  const body = bytes === undefined ? Buffer.from(`${id}`) : Buffer.alloc(bytes, 0x78);
  const principal = {
    authid: 'sample',
    authrole: 'user',
    authmethod: 'test',
    authprovider: 'test',
  };
  const publisher = session === 0 ? undefined : { session, authid: 'sample', authrole: 'user' };
  return new Publication(
    id,
    { topic: 'a', payload: Payload.ofBody(body, 'text/plain'), ...content },
    publisher,
    { protocol: 'test', session, principal },
    publishedAt,
  );
}

/** All that a store has to keep of a publication, in a form that can be compared as text. */
export function publicationText(publication: Publication): string {
  const { id, topic, headers, spelling, publisher, publishedAt, expiresAt, audience, payload } = publication;
  const { shard, passthru, trustlevel } = publication;
  const body = payload.body();
  const receivers = [audience?.eligible, audience?.exclude].map((lists) => [
    lists?.sessions && [...lists.sessions],
    lists?.authids && [...lists.authids],
    lists?.authroles && [...lists.authroles],
  ]);
  const parts = [id, topic, headers && [...headers], spelling, publisher, publishedAt, expiresAt, receivers];
  const more = [shard, passthru, trustlevel];
  return JSON.stringify([...parts, ...more, Buffer.from(body.bytes).toString('latin1'), body.contentType]);
}
