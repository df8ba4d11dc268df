import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Payload, Publication } from '../../broker/index.js';
import type { Audience, QueueMessage } from '../../broker/index.js';
import { placeKey } from './keys.js';
import { decodeMessage, encodeMessage, messageHead, movedMessage } from './message-record.js';
import { isSound } from './seal.js';

const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });
const text = fc.string({ unit: 'grapheme', maxLength: 20 });
const id = fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER });
const bytes = fc.uint8Array({ maxLength: 200 });
const names = fc.array(text, { maxLength: 3 }).map((list) => new Set(list));
const receivers = fc.record({
  sessions: maybe(fc.array(id, { maxLength: 3 }).map((list) => new Set(list))),
  authids: maybe(names),
  authroles: maybe(names),
});
const audience: fc.Arbitrary<Audience | undefined> = fc
  .record({ eligible: maybe(receivers), exclude: maybe(receivers) })
  .map((lists) => (lists.eligible === undefined && lists.exclude === undefined ? undefined : lists));
const payload = fc.oneof(
  fc
    .tuple(bytes, maybe(text), maybe(fc.constantFrom('none', 'value', 'bytes', 'args', 'kwargs', 'both')))
    .map(([body, type, shape]) => Payload.ofBody(body, type, shape)),
  fc
    .tuple(fc.constantFrom('json', 'msgpack', 'cbor'), maybe(bytes), maybe(bytes), maybe(text))
    .map(([serializer, args, kwargs, type]) => Payload.ofSlices(serializer, args, kwargs, type)),
);
const publication = fc
  .record({
    id,
    topic: text,
    payload,
    headers: maybe(fc.array(fc.tuple(text, text), { maxLength: 3 }).map((list) => new Map(list))),
    spelling: maybe(text),
    expiresAt: maybe(id),
    audience,
    excludePublisher: maybe(fc.constant(true)),
    shard: maybe(text),
    passthru: maybe(
      fc.record({
        scheme: text,
        serializer: maybe(text),
        cipher: maybe(text),
        keyid: maybe(text),
        older: maybe(fc.record({ algo: text, key: maybe(text), serializer: maybe(text) })),
      }),
    ),
    trustlevel: maybe(fc.nat()),
    publisher: maybe(fc.record({ session: id, authid: text, authrole: text })),
    origin: fc.record({
      protocol: text,
      session: id,
      principal: fc.record({ authid: text, authrole: text, authmethod: text, authprovider: text }),
    }),
    publishedAt: id,
  })
  .map(({ id: number, publisher, origin, publishedAt, ...content }) => {
    return new Publication(number, content, publisher, origin, publishedAt);
  });
const reason = fc.constantFrom('rejected', 'delivery-limit', 'expired', 'maxlen');
const message: fc.Arbitrary<QueueMessage> = fc.record({
  publication,
  deliveries: fc.nat(1000),
  redelivered: fc.boolean(),
  death: maybe(
    fc.record({
      reason,
      queue: text,
      deliveries: fc.nat(1000),
      at: id,
      first: maybe(fc.record({ reason, queue: text })),
    }),
  ),
});

/** All that a message is made of. */
function parts({ publication: it, ...rest }: QueueMessage): unknown {
  const { stored } = it.payload;
  const octets = (part: Uint8Array | undefined) => part && Buffer.from(part).toString('hex');
  const kept =
    stored.kind === 'body'
      ? { ...stored.body, bytes: octets(stored.body.bytes) }
      : { ...stored.slices, args: octets(stored.slices.args), kwargs: octets(stored.slices.kwargs) };
  const {
    id: number,
    topic,
    headers,
    spelling,
    expiresAt,
    audience: lists,
    publisher,
    origin,
    publishedAt,
  } = it;
  const said = { number, topic, headers, spelling, expiresAt, lists, publisher, origin, publishedAt };
  const { excludePublisher, shard, passthru, trustlevel } = it;
  return { ...rest, kept, said, more: { excludePublisher, shard, passthru, trustlevel } };
}

describe('the record of a message', () => {
  const key = placeKey(3, 9);

  it('gives back all that the message is made of', () => {
    fc.assert(
      fc.property(message, maybe(id), (given, dueAt) => {
        const record = encodeMessage(key, given, dueAt);
        expect(isSound('messages', key, record)).toBe(true);
        expect(messageHead(record).dueAt).toBe(dueAt);
        expect(parts(decodeMessage(record))).toEqual(parts(given));
      }),
    );
  });

  it('is the same message at another place, and no record of the place before', () => {
    fc.assert(
      fc.property(message, maybe(id), (given, dueAt) => {
        const moved = movedMessage(placeKey(3, 10), encodeMessage(key, given, 5), dueAt);
        expect([isSound('messages', placeKey(3, 10), moved), isSound('messages', key, moved)]).toEqual([
          true,
          false,
        ]);
        expect(messageHead(moved).dueAt).toBe(dueAt);
        expect(parts(decodeMessage(moved))).toEqual(parts(given));
      }),
    );
  });

  it('D7: is not sound with any bit changed, under another key, or in another table', () => {
    const [given] = fc.sample(message, { numRuns: 1, seed: 1 });
    const record = encodeMessage(key, given!, undefined);
    for (let bit = 0; bit < 8 * record.length; bit += 1) {
      const changed = Buffer.from(record);
      changed[bit >> 3]! ^= 1 << (bit & 7);
      expect(isSound('messages', key, changed)).toBe(false);
    }
    expect([isSound('messages', placeKey(3, 8), record), isSound('history', key, record)]).toEqual([
      false,
      false,
    ]);
  });
});
