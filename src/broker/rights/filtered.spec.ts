import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { memoryStore } from '../../engines/memory/index.js';
import { ALL, heard, listen, promptBed, say } from '../../../test/support/past-bed.js';
import type { RealmBed } from '../../../test/support/realm-bed.js';
import type { Action, Authorizer, Decision, Pattern, Principal } from '../index.js';

let bed: RealmBed;
/** Topics that nobody may subscribe to one by one. */
let secret: Set<string>;
/** Whether answers about topics come later. */
let slow: boolean;
let asked: string[];

/** Lets everybody subscribe to every pattern, and filters what it matches. */
const authorizer: Authorizer = {
  decide(_principal: Principal, action: Action, { match, text }: Pattern): Decision | Promise<Decision> {
    if (action !== 'subscribe') return { allow: true };
    if (match !== 'exact') return { allow: true, filtered: true };
    asked.push(text);
    if (text === 'h.broken') throw new Error('no rule');
    const decision = { allow: !secret.has(text) };
    return slow ? Promise.resolve(decision) : decision;
  },
};

beforeEach(() => {
  secret = new Set(['h.secret']);
  slow = false;
  asked = [];
  bed = promptBed({ authorizer });
});

afterEach(() => bed.end());

describe('a subscription to a pattern that is filtered', () => {
  it('A10: gets the events of those topics alone that it might subscribe to one by one', () => {
    const [eve, root] = [bed.endpoint(), bed.endpoint()];
    for (const [match, text] of [
      ['prefix', 'h'],
      ['wildcard', 'h.'],
      ['multi', '#'],
    ] as const)
      listen(eve, text, { match });
    heard(eve);
    for (const topic of ['h.secret', 'h.open', 'h.broken']) say(root, topic, topic);
    expect(heard(eve)).toEqual(['h.open', 'h.open', 'h.open']);
  });

  it('A10: counts an answer that comes later as a no', () => {
    const [eve, root] = [bed.endpoint(), bed.endpoint()];
    listen(eve, 'h', { match: 'prefix' });
    slow = true;
    say(root, 'h.open', 'open');
    expect(heard(eve)).toEqual(['subscribed']);
  });

  it('A10 A14: has no more questions open than a few whose answers nobody waits for', async () => {
    const [eve, root] = [bed.endpoint(), bed.endpoint()];
    listen(eve, 'h', { match: 'prefix' });
    slow = true;
    for (let at = 0; at < 100; at += 1) say(root, `h.${at}`, 'x');
    expect(asked).toHaveLength(16);
    for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
    say(root, 'h.100', 'x');
    slow = false;
    say(root, 'h.101', 'told');
    expect([asked.length, heard(eve)]).toEqual([18, ['subscribed', 'told']]);
  });

  it('A10 A13: begins with what is retained of those topics, and with their history', () => {
    const [eve, root] = [bed.endpoint(), bed.endpoint()];
    for (const topic of ['h.secret', 'h.open']) say(root, topic, topic, { retain: true });
    for (const topic of ['x.open', 'h.secret', 'h.open']) say(root, topic, topic);
    listen(eve, '#', { match: 'multi', retained: true });
    listen(eve, 'h', { match: 'prefix', replay: ALL });
    expect(heard(eve)).toEqual(['subscribed', '*h.open', 'subscribed recovered:false', 'h.open', 'h.open']);
  });

  it('A10: asks for nothing where the pattern is one topic', () => {
    const [eve, root] = [bed.endpoint(), bed.endpoint()];
    listen(eve, 'h.open');
    asked = [];
    say(root, 'h.open', 'open');
    expect([heard(eve), asked]).toEqual([['subscribed', 'open'], []]);
  });

  it('A9 A10: gets no more of a topic when that is forbidden, what was kept back included', () => {
    const [eve, root] = [bed.endpoint(), bed.endpoint()];
    listen(eve, 'h', { match: 'prefix' });
    eve.room = 1;
    say(root, 'h.open', 'one');
    say(root, 'h.open', 'two');
    secret.add('h.open');
    bed.broker.reauthorize();
    eve.room = 9;
    eve.attachment.resume();
    say(root, 'h.open', 'three');
    expect(heard(eve)).toEqual(['subscribed', 'one']);
  });

  it('A9 A10: is filtered from the moment on in which the authorizer says so, and no more when it says otherwise', () => {
    let filtered = false;
    const changing: Authorizer = {
      decide: (_principal, action, { match, text }) =>
        match === 'exact'
          ? { allow: action !== 'subscribe' || text !== 'h.secret' }
          : { allow: true, filtered },
    };
    bed = promptBed({ authorizer: changing });
    const [eve, root] = [bed.endpoint(), bed.endpoint()];
    listen(eve, 'h', { match: 'prefix' });
    for (const next of [false, true, false]) {
      filtered = next;
      bed.broker.reauthorize();
      say(root, 'h.secret', `secret ${filtered}`);
      say(root, 'h.open', `open ${filtered}`);
    }
    const open = ['secret false', 'open false', 'open true', 'secret false', 'open false'];
    expect(heard(eve)).toEqual(['subscribed', ...open]);
  });
});

describe('a durable subscription to a pattern that is filtered', () => {
  const take = {
    key: 'd',
    queue: 'mine',
    binding: { match: 'prefix', text: 'h' },
    settling: 'explicit',
  } as const;

  it('A10: gets the events of those topics alone, whether its owner is there or not', () => {
    bed.end();
    bed = promptBed({ authorizer, stores: {}, transientQueues: memoryStore().queues });
    const [eve, root] = [bed.endpoint({ authid: 'eve' }), bed.endpoint()];
    eve.attachment.consume({}, take);
    for (const topic of ['h.secret', 'h.open']) say(root, topic, topic);
    expect(eve.take()).toEqual(['answered consuming', 'consumed mine h.open']);
    eve.attachment.detach();
    for (const topic of ['h.secret', 'h.other']) say(root, topic, topic);
    const back = bed.endpoint({ authid: 'eve' });
    back.attachment.consume({}, take);
    expect(back.take()).toEqual([
      'answered consuming',
      'consumed mine h.open again',
      'consumed mine h.other',
    ]);
    back.attachment.release({}, back.attachment.consumers.get('d'), true);
  });

  it('A13: gets nothing of what was put into it before the topic was forbidden', () => {
    bed.end();
    bed = promptBed({ authorizer, stores: {}, transientQueues: memoryStore().queues });
    const [eve, root] = [bed.endpoint({ authid: 'eve' }), bed.endpoint()];
    eve.attachment.consume({}, take);
    eve.attachment.detach();
    for (const topic of ['h.open', 'h.other']) say(root, topic, topic);
    secret.add('h.open');
    const back = bed.endpoint({ authid: 'eve' });
    back.attachment.consume({}, take);
    expect(back.take()).toEqual(['answered consuming', 'consumed mine h.other']);
    back.attachment.release({}, back.attachment.consumers.get('d'), true);
  });
});
