import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { RealmBed, publish, subscribe } from '../../test/support/realm-bed.js';
import { RecordingEndpoint } from '../testing/index.js';
import type { Authorizer } from './index.js';
import { Payload, isPrivate, userOf, userOfTopic, userTopic } from './index.js';

const principal = { authrole: 'user', authmethod: 'ticket', authprovider: 'static' };

describe('the name of a user', () => {
  it.each([
    ['bob', 'bob'],
    ['bob.smith@x.org', 'bob%2Esmith@x%2Eorg'],
    ['a b\tc', 'a%20b%09c'],
    ['50%#1', '50%25%231'],
    ['DOMAIN/bob', 'DOMAIN%2Fbob'],
    ['ärger', 'ärger'],
    ['anonymous-5', '%61nonymous-5'],
    ['', '%'],
  ])('of the authid "%s" is %s', (authid, name) => {
    expect(userOf({ ...principal, authid }, 5)).toBe(name);
  });

  it('is of each session its own if nobody vouched for it', () => {
    const anonymous = { ...principal, authid: 'anonymous', authmethod: 'anonymous' };
    expect(userOf(anonymous, 4711)).toBe('anonymous-4711');
  });
});

describe('the topics of a user', () => {
  it.each([
    ['user.bob.queue.x', 'bob'],
    ['user.bob.topic.x.y', 'bob'],
    ['user.%.queue.x', '%'],
    ['user.bob.queue', undefined],
    ['user.bob.queues.x', undefined],
    ['user.bob.mail.x', undefined],
    ['user..queue.x', undefined],
    ['user.queue.x', undefined],
    ['users.bob.queue.x', undefined],
    ['a.user.bob.queue.x', undefined],
  ])('%s belongs to %s', (topic, name) => {
    expect(userOfTopic(topic)).toBe(name);
    expect(isPrivate(topic)).toBe(name !== undefined);
  });

  it('are made of the name and the rest', () => {
    expect(userTopic('bob', 'queue.errors')).toBe('user.bob.queue.errors');
  });
});

describe('private user topics', () => {
  let bed: RealmBed;
  const asked: string[] = [];
  const endpoints: RecordingEndpoint[] = [];
  const authorizer: Authorizer = {
    decide: (_who, action, { text }) => {
      asked.push(`${action} ${text}`);
      return { allow: !text.includes('forbidden') };
    },
  };

  beforeEach(() => {
    asked.length = 0;
    bed = new RealmBed({ authorizer });
  });

  afterEach(() => {
    for (const one of endpoints.splice(0)) one.attachment.detach();
    bed.end();
  });

  function user(authid: string, authmethod = 'ticket'): RecordingEndpoint {
    const made = new RecordingEndpoint(bed.broker, undefined, { authid, authmethod });
    endpoints.push(made);
    return made;
  }

  it('are subscribed to by that user alone, in every session, whatever the rules say', () => {
    const [bob, alsoBob, eve] = [user('bob'), user('bob'), user('eve')];
    for (const one of [bob, alsoBob, eve]) subscribe(one, 'user.bob.queue.forbidden');
    expect([bob, alsoBob, eve].map((one) => one.take())).toEqual([
      ['answered subscribed'],
      ['answered subscribed'],
      ['answered refused not_authorized'],
    ]);
    expect(asked).toEqual([]);
  });

  it('are of one session where nobody vouched for the name', () => {
    const [one, two] = [user('anonymous', 'anonymous'), user('anonymous', 'anonymous')];
    const topic = `user.anonymous-${one.attachment.session}.queue.x`;
    for (const who of [one, two]) subscribe(who, topic);
    subscribe(one, 'user.anonymous.queue.x');
    expect([one.take(), two.take()]).toEqual([
      ['answered subscribed', 'answered refused not_authorized'],
      ['answered refused not_authorized'],
    ]);
  });

  it('are published to as the authorizer decides', () => {
    const [bob, eve] = [user('bob'), user('eve')];
    subscribe(bob, 'user.bob.queue.x');
    bob.take();
    publish(eve, 'user.bob.queue.x', true);
    publish(eve, 'user.bob.queue.forbidden', true);
    expect(eve.take()).toEqual(['answered published', 'answered refused not_authorized']);
    expect(bob.take()).toEqual(['delivered user.bob.queue.x']);
    expect(asked).toEqual(['publish user.bob.queue.x', 'publish user.bob.queue.forbidden']);
  });

  it('are matched by no pattern', () => {
    const eve = user('eve');
    for (const [match, text] of [
      ['multi', '#'],
      ['prefix', 'user.bob.queue.x'],
      ['wildcard', 'user..queue.'],
      ['multi', 'user.bob.queue.x'],
    ] as const)
      void eve.attachment.subscribe({}, { key: text + match, pattern: { match, text } });
    expect(eve.take()).toEqual(Array(4).fill('answered subscribed'));
    publish(eve, 'user.bob.queue.x');
    expect(eve.take()).toEqual([]);
  });

  it('do not hide procedures that look like them from patterns', () => {
    const one = user('bob');
    void one.attachment.register({}, { pattern: { match: 'prefix', text: 'user.' } });
    void one.attachment.call({}, { procedure: 'user.bob.queue.x', payload: Payload.empty });
    expect(one.take()).toEqual(['answered registered', 'invoked user.bob.queue.x']);
  });
});
