import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { commit, put, release, send, settle } from '../../../test/support/queue-bed.js';
import { RealmBed, publish, subscribe } from '../../../test/support/realm-bed.js';
import { SlowQueueStore } from '../../../test/support/slow-queue-store.js';
import { memoryStore } from '../../engines/memory/index.js';
import type { Broker, ConsumeCommand, Principal, PublishCommand } from '../index.js';
import { Payload } from '../index.js';
import { RecordingEndpoint } from '../../testing/index.js';

let bed: RealmBed;
let sender: RecordingEndpoint;
let one: RecordingEndpoint;
const others: RecordingEndpoint[] = [];

function begin(made = new RealmBed()): void {
  bed = made;
  [sender, one] = [bed.endpoint(), bed.endpoint()];
}

beforeEach(() => begin());

afterEach(() => {
  for (const other of others.splice(0)) other.attachment.detach();
  bed.end();
  expect(bed.defects).toEqual([]);
});

function as(principal: Partial<Principal>, broker: Broker = bed.broker): RecordingEndpoint {
  const made = new RecordingEndpoint(broker, undefined, principal);
  others.push(made);
  return made;
}

/** Takes a durable subscription up, under its own name. */
function remember(
  who: RecordingEndpoint,
  name: string,
  text: string,
  more: Partial<ConsumeCommand> = {},
): void {
  const binding = { match: 'multi', text } as const;
  void who.attachment.consume({}, { key: name, queue: name, binding, settling: 'explicit', ...more });
}

function say(topic: string, body: string, more: Partial<PublishCommand> = {}, who = sender): void {
  void who.attachment.publish({}, { topic, payload: Payload.ofBody(Buffer.from(body)), ...more }, true);
}

/** Topic and body of what it was given, as `topic=body`. */
function heard(who: RecordingEndpoint): string[] {
  const deliveries = who.deliveries.map(
    ({ publication }) => `${publication.topic}=${Buffer.from(publication.payload.body().bytes).toString()}`,
  );
  who.take();
  return deliveries;
}

describe('a durable subscription', () => {
  it('gets what is published while nobody consumes, in order, with the topics as they were', () => {
    remember(one, 'mine', 'a.#');
    say('a.x', '0');
    one.attachment.detach();
    say('a.y', '1');
    say('b', '2');
    const again = bed.endpoint();
    remember(again, 'mine', 'a.#');
    say('a', '3');
    expect(again.told.map(({ kind }) => kind)).toEqual(['answered', 'consumed', 'consumed', 'consumed']);
    expect(heard(again)).toEqual(['a.x=0', 'a.y=1', 'a=3']);
    expect(bed.broker.stats.queues).toBe(1);
  });

  it('B9: is one of so many of the same name, whoever consumes; one that is forgotten makes room', () => {
    begin(new RealmBed({ brokerLimits: { durableSubscriptions: 2 } }));
    remember(one, 'first', '#');
    remember(one, 'second', '#');
    one.attachment.detach();
    const [again, stranger] = [bed.endpoint(), as({ authid: 'somebody else' })];
    remember(again, 'third', '#');
    remember(stranger, 'first', '#');
    expect([again.take(), stranger.take()]).toEqual([
      ['answered refused limit_exceeded'],
      ['answered consuming'],
    ]);
    remember(again, 'second', '#');
    again.attachment.release({}, again.attachment.consumers.get('second'), true);
    remember(again, 'third', '#');
    expect(again.take()).toEqual(['answered consuming', 'answered released', 'answered consuming']);
  });

  it('is one for each principal and name', () => {
    remember(one, 'mine', 'a');
    remember(one, 'other', 'a');
    const eve = as({ authid: 'eve' });
    remember(eve, 'mine', 'a');
    say('a', 'x');
    expect([heard(one), heard(eve)]).toEqual([['a=x', 'a=x'], ['a=x']]);
    expect(bed.broker.stats.queues).toBe(3);
  });

  it('has one consumer at a time, and one topic', () => {
    remember(one, 'mine', 'a');
    const again = bed.endpoint();
    remember(again, 'mine', 'a');
    release(one, one.consumer('mine'));
    remember(again, 'mine', 'b');
    remember(again, 'mine', 'a');
    expect(again.take()).toEqual([
      'answered refused queue_in_use',
      'answered refused queue_mismatch',
      'answered consuming',
    ]);
  });

  it('ends for good only when that is said; nobody else can end it', () => {
    remember(one, 'mine', 'a');
    const consumer = one.consumer('mine');
    const eve = as({ authid: 'eve' });
    release(eve, consumer, true);
    expect(eve.take()).toEqual(['answered refused no_such_consumer']);
    say('a', 'x');
    release(one, consumer, true);
    expect(one.take().at(-1)).toBe('answered released');
    expect(bed.broker.stats).toMatchObject({ queues: 0, deliveries: 0 });
    say('a', 'y');
    remember(one, 'mine', 'a');
    expect(heard(one)).toEqual([]);
  });

  it('survives a restart, with what it holds', () => {
    const stores = memoryStore();
    begin(new RealmBed({ stores }));
    remember(one, 'mine', 'a.#');
    one.attachment.detach();
    say('a.x', '0');
    begin(new RealmBed({ stores }));
    say('a.y', '1');
    remember(one, 'mine', 'a.#');
    expect(heard(one)).toEqual(['a.x=0', 'a.y=1']);
  });

  it('is subscribed to as any other: the authorizer is asked `subscribe` on the pattern', () => {
    const asked: string[] = [];
    const decide = (
      _principal: Principal,
      action: string,
      { match, text }: { match: string; text: string },
    ) => {
      asked.push(`${action} ${match} ${text}`);
      return { allow: false };
    };
    begin(new RealmBed({ authorizer: { decide } }));
    remember(one, 'mine', 'a.#');
    expect([asked, one.take()]).toEqual([['subscribe multi a.#'], ['answered refused not_authorized']]);
  });

  it('cannot be reached as a queue', () => {
    remember(one, 'mine', 'a');
    send(sender, '#durable 6 tester mine', 'x');
    void sender.attachment.consume({}, { key: 'k', queue: '#durable 6 tester mine', settling: 'auto' });
    void commit(sender, put('#durable 6 tester mine', 'x'));
    expect(sender.take()).toEqual(Array(3).fill('answered refused invalid_address'));
  });

  it('gets what a batch publishes', () => {
    remember(one, 'mine', 'a');
    void commit(sender, put('jobs', 'x'), {
      kind: 'publish',
      command: { topic: 'a', payload: Payload.empty },
    });
    expect([sender.take(), heard(one)]).toEqual([['answered committed'], ['a=']]);
  });

  it('throws away what its holder does not want', () => {
    remember(one, 'mine', 'a', {
      filter: { accepts: ({ payload }) => payload.size > 1 },
      noLocal: true,
    });
    say('a', '1');
    say('a', '22');
    say('a', '33', {}, one);
    expect(heard(one)).toEqual(['a=22']);
    settle(one, 'ack', [...one.attachment.consumers.get('mine')!.unsettled]);
    one.attachment.detach();
    const again = bed.endpoint();
    remember(again, 'mine', 'a');
    expect(heard(again)).toEqual([]);
  });

  it('gets what is for its holder alone, and not what is for others, also while nobody consumes', () => {
    const eve = as({ authid: 'eve', authrole: 'guest' });
    remember(eve, 'mine', 'a');
    const [, session] = [eve.attachment.detach(), eve.attachment.session];
    say('a', 'all');
    say('a', 'eve', { audience: { eligible: { authids: new Set(['eve']) } } });
    say('a', 'not guests', { audience: { exclude: { authroles: new Set(['guest']) } } });
    say('a', 'session', { audience: { eligible: { sessions: new Set([session]) } } });
    const again = as({ authid: 'eve', authrole: 'guest' });
    remember(again, 'mine', 'a');
    expect(heard(again)).toEqual(['a=all', 'a=eve']);
  });

  it('leaves its holder’s own events out if the publisher says so', () => {
    remember(one, 'mine', 'a');
    say('a', 'x', { excludePublisher: true }, one);
    say('a', 'y', { excludePublisher: true });
    expect(heard(one)).toEqual(['a=y']);
  });

  it('lets its oldest go when it is full; nobody is kept from publishing', () => {
    begin(new RealmBed({ brokerLimits: { queueMessages: 2 } }));
    remember(one, 'mine', 'a');
    one.attachment.detach();
    for (const body of ['0', '1', '2']) say('a', body);
    expect(sender.take()).toEqual(Array(3).fill('answered published'));
    const again = bed.endpoint();
    remember(again, 'mine', 'a');
    expect(heard(again)).toEqual(['a=1', 'a=2']);
  });

  it('is what a dead letter says it died in, by the name that its holder knows', () => {
    const wishes = { arguments: { deadLetter: { kind: 'queue', name: 'lost' } } } as const;
    remember(one, 'mine.at.home', 'a', wishes);
    say('a', 'x');
    settle(one, 'reject', one.deliveries);
    void sender.attachment.consume({}, { key: 'l', queue: 'lost', settling: 'auto' });
    expect(sender.deliveries.map(({ death }) => [death?.queue, death?.first])).toEqual([
      ['mine.at.home', undefined],
    ]);
  });

  it('drops what has expired', () => {
    remember(one, 'mine', 'a');
    one.attachment.detach();
    say('a', 'x', { expiresAt: bed.services.clock.wallTime() + 1000 });
    say('a', 'y');
    bed.services.clock.advance(1500);
    const again = bed.endpoint();
    remember(again, 'mine', 'a');
    expect(heard(again)).toEqual(['a=y']);
  });

  it('keeps an event no longer than it was asked to', () => {
    const policy = { arguments: { messageTtlMs: 1000 } };
    remember(one, 'mine', 'a', policy);
    one.attachment.detach();
    say('a', 'x');
    bed.services.clock.advance(600);
    say('a', 'y', { expiresAt: bed.services.clock.wallTime() + 10_000 });
    bed.services.clock.advance(600);
    const again = bed.endpoint();
    remember(again, 'mine', 'a', policy);
    expect(heard(again)).toEqual(['a=y']);
  });

  it('holds the publisher’s confirmation until all of them have it; others hear at once', async () => {
    const store = new SlowQueueStore();
    begin(new RealmBed({ stores: { ...memoryStore(), queues: store } }));
    remember(one, 'mine', 'a');
    remember(one, 'other', '#');
    await store.confirm();
    const live = bed.endpoint();
    subscribe(live, 'a');
    say('a', 'x');
    expect([live.take().at(-1), sender.take(), heard(one)]).toEqual(['delivered a', [], []]);
    expect(store.waiting).toBe(1);
    await store.confirm();
    expect([sender.take(), heard(one)]).toEqual([['answered published'], ['a=x', 'a=x']]);
    publish(sender, 'z');
    await store.confirm();
    settle(one, 'ack', one.deliveries);
    await store.confirm();
  });
});
