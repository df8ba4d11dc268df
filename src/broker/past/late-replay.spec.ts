import { afterEach, describe, expect, it } from '@jest/globals';
import type { Waiting } from '../../../test/support/late-stores.js';
import { turn } from '../../../test/support/late-stores.js';
import type { LateBed } from '../../../test/support/past-bed.js';
import { ALL, heard, lateBed, listen, say } from '../../../test/support/past-bed.js';
import type { RealmBed } from '../../../test/support/realm-bed.js';
import { Payload, StoreError } from '../index.js';

let bed: RealmBed;
let waiting: Waiting;

afterEach(() => bed.end());

function start(): LateBed {
  const started = lateBed();
  ({ bed, waiting } = started);
  return started;
}

describe('stores that answer later', () => {
  const since = { replay: ALL, retained: true } as const;

  it('hold the subscription, and nothing else, until its replay is in', async () => {
    start();
    const [one, two] = [bed.endpoint(), bed.endpoint()];
    say(one, 'h.a', '1');
    say(one, 'h.b', 'other', { retain: true });
    await waiting.settleAll();
    listen(two, 'h.', { ...since, match: 'wildcard' });
    listen(two, 'plain');
    say(one, 'h.a', '2');
    say(one, 'plain', 'plain');
    expect(heard(two)).toEqual(['subscribed', 'plain']);
    await waiting.settleAll();
    expect(heard(two)).toEqual(['subscribed recovered:true', '1', 'other', '2']);
    say(one, 'h.a', '3');
    expect(heard(two)).toEqual(['3']);
  });

  it('tell what came live meanwhile in its place, also if the store has it by then', async () => {
    const stores = start();
    stores.history.early = false;
    stores.retained.early = false;
    const [one, two] = [bed.endpoint(), bed.endpoint()];
    say(one, 'h.a', '1');
    await waiting.settleAll();
    listen(two, 'h.a', since);
    say(one, 'h.a', '2');
    say(one, 'h.a', '3', { retain: true });
    say(one, 'h.a', '4');
    await waiting.settleAll();
    expect(heard(two)).toEqual(['subscribed recovered:true', '1', '2', '3', '4']);
  });

  it('leave nothing of a subscription that was ended while it was held, and answer it', async () => {
    start();
    const [one, two] = [bed.endpoint(), bed.endpoint()];
    listen(two, 'h.a', since);
    listen(two, 'h.b', since);
    say(one, 'h.a', '1');
    two.attachment.unsubscribe({}, two.attachment.subscriptions.get('h.a'));
    expect(heard(two)).toEqual(['subscribed recovered:false', 'unsubscribed']);
    await waiting.settleAll();
    say(one, 'h.b', '2');
    expect(heard(two)).toEqual(['subscribed recovered:true', '2']);
    listen(two, 'h.c', since);
    two.attachment.detach();
    await waiting.settleAll();
    expect(heard(two)).toEqual([]);
  });

  it('refuse the subscription when they fail', async () => {
    const stores = start();
    const one = bed.endpoint();
    stores.history.read = () => Promise.reject(new StoreError('failed', 'no disk'));
    listen(one, 'h.a', since);
    await turn();
    expect(heard(one)).toEqual(['refused unavailable']);
    stores.retained.match = () => {
      throw new Error('a bug');
    };
    listen(one, 'x', { retained: true });
    expect(heard(one)).toEqual(['refused unavailable']);
    expect([bed.broker.stats.subscriptions, bed.defects]).toEqual([0, ['store.read']]);
  });

  it('take the subscription away when they fail in the middle of its replay', async () => {
    const stores = start();
    const one = bed.endpoint();
    for (let at = 0; at < 200; at += 1) say(one, `r.${1000 + at}`, 'r', { retain: true });
    await waiting.settleAll();
    heard(one);
    const { match } = stores.retained;
    stores.retained.match = (realm, query) =>
      query.after === undefined
        ? match.call(stores.retained, realm, query)
        : Promise.reject(new StoreError('failed', 'no disk'));
    listen(one, 'r.', { match: 'wildcard', retained: true });
    await waiting.settleAll();
    await turn();
    const told = heard(one);
    expect([told[0], told[1], told.at(-1)]).toEqual(['subscribed', '*r', 'revoked']);
    expect(bed.broker.stats.subscriptions).toBe(0);
  });
});

describe('an acknowledgement', () => {
  it('waits for what the stores promise; the event does not', async () => {
    start();
    const [one, two] = [bed.endpoint(), bed.endpoint()];
    listen(two, 'h.a');
    say(one, 'h.a', '1', { retain: true });
    expect([heard(one), heard(two)]).toEqual([[], ['subscribed', '1']]);
    // The event, what it takes the place of for some, the history.
    expect(waiting.size).toBe(3);
    await waiting.settle(1);
    expect(heard(one)).toEqual([]);
    await waiting.settleAll();
    expect(heard(one)).toEqual(['published']);
  });

  it('comes in the order of publishing, whatever is safe first', async () => {
    start();
    const one = bed.endpoint();
    const answers: string[] = [];
    one.react = (told) => {
      if (told.kind === 'answered') answers.push((told.request as { readonly name: string }).name);
    };
    const payload = Payload.ofBody(Buffer.from('x'));
    for (const [name, topic] of [
      ['first', 'h.a'],
      ['second', 'plain'],
      ['third', 'h.b'],
    ] as const)
      void one.attachment.publish({ name }, { topic, payload }, true);
    await waiting.settle(1);
    expect(answers).toEqual([]);
    await waiting.settle();
    expect(answers).toEqual(['first', 'second', 'third']);
  });

  it('is a refusal where a store failed, told also to those who wanted none', async () => {
    const stores = start();
    const [one, two] = [bed.endpoint(), bed.endpoint()];
    listen(two, 'h.a');
    heard(two);
    stores.history.failure = new StoreError('failed', 'no disk');
    say(one, 'h.a', '1');
    stores.history.failure = new StoreError('full', 'no space');
    void one.attachment.publish({}, { topic: 'h.a', payload: Payload.ofBody(Buffer.from('2')) });
    stores.retained.failure = new StoreError('full', 'no space');
    say(one, 'x', '3', { retain: true });
    await waiting.settleAll();
    expect(heard(one)).toEqual(['refused unavailable', 'refused unavailable', 'refused limit_exceeded']);
    expect(heard(two)).toEqual(['1', '2']);
  });

  it('of a batch waits for all that it keeps, which is there to be replayed', async () => {
    start();
    const one = bed.endpoint();
    const payload = Payload.ofBody(Buffer.from('x'));
    const publications = [
      { topic: 'h.a', payload },
      { topic: 'h.a', payload, retain: true },
      { topic: 'x', payload, retain: true },
    ];
    void one.attachment.commit(
      {},
      publications.map((command) => ({ kind: 'publish', command })),
    );
    listen(one, '#', { match: 'multi', replay: ALL, retained: true });
    expect([heard(one), waiting.size]).toEqual([[], 7]);
    await waiting.settleAll();
    expect(heard(one)).toEqual(['committed', 'subscribed recovered:false', '*x', 'x', 'x']);
  });

  it('tells nothing to those who have left', async () => {
    start();
    const one = bed.endpoint();
    say(one, 'h.a', '1');
    one.attachment.detach();
    await waiting.settleAll();
    expect(heard(one)).toEqual([]);
  });
});
