import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { RealmBed, exact, publish, subscribe } from '../../test/support/realm-bed.js';
import type { Decision } from './index.js';
import { Payload } from './index.js';

let bed: RealmBed;

beforeEach(() => {
  bed = new RealmBed();
});

afterEach(() => bed.end());

describe('authorizer', () => {
  const decisions = new Map<string, Decision | Promise<Decision>>();
  const authorizer = {
    decide: (_principal: unknown, action: string, target: { text: string }): Decision | Promise<Decision> => {
      const decision = decisions.get(`${action} ${target.text}`);
      if (decision === undefined) throw new Error('no rule');
      return decision;
    },
  };

  beforeEach(() => {
    decisions.clear();
    bed = new RealmBed({ authorizer });
  });

  it('refuses each command that is not allowed', () => {
    const one = bed.endpoint();
    for (const action of ['publish a', 'subscribe a', 'register a', 'call a'])
      decisions.set(action, { allow: false });
    publish(one, 'a');
    subscribe(one, 'a');
    one.attachment.register({}, { pattern: exact('a') });
    one.attachment.call({}, { procedure: 'a', payload: Payload.empty });
    expect(one.take()).toEqual(Array(4).fill('answered refused not_authorized'));
  });

  it('counts an authorizer that throws, rejects or answers nothing as a no', async () => {
    const one = bed.endpoint();
    publish(one, 'unknown');
    decisions.set('publish a', Promise.reject(new Error('down')));
    await publish(one, 'a');
    decisions.set('publish b', undefined as never);
    decisions.set('publish c', Promise.resolve(undefined as never));
    await publish(one, 'c');
    expect(one.take()).toEqual([
      'answered refused authorization_failed',
      'answered refused authorization_failed',
      'answered refused not_authorized',
    ]);
  });

  it('waits for a promise, and drops the command of a session that has left meanwhile', async () => {
    const [one, two] = [bed.endpoint(), bed.endpoint()];
    decisions.set('subscribe a', { allow: true });
    subscribe(two, 'a');
    two.take();
    let decide = (_decision: Decision): void => {};
    decisions.set('publish a', new Promise<Decision>((resolve) => (decide = resolve)));
    const first = publish(one, 'a');
    expect(two.take()).toEqual([]);
    decide({ allow: true });
    await first;
    expect(two.take()).toEqual(['delivered a']);
    const second = publish(one, 'a');
    one.attachment.detach();
    await second;
    expect(two.take()).toEqual([]);
  });

  it('refuses a disclosure that is not allowed', () => {
    const one = bed.endpoint();
    decisions.set('publish a', { allow: true, disclose: false });
    one.attachment.publish({}, { topic: 'a', payload: Payload.empty, disclose: true }, true);
    one.attachment.publish({}, { topic: 'a', payload: Payload.empty }, true);
    expect(one.take()).toEqual(['answered refused disclosure_refused', 'answered published']);
  });

  it('X6: is asked about the canonical pattern, whatever way it was spelled', () => {
    const one = bed.endpoint();
    decisions.set('subscribe a..c', { allow: true });
    one.attachment.subscribe({}, { key: '1', pattern: { match: 'multi', text: 'a..c' } });
    one.attachment.subscribe({}, { key: '2', pattern: { match: 'wildcard', text: 'a..c' } });
    expect(one.take()).toEqual(['answered subscribed', 'answered subscribed']);
    expect(bed.broker.stats.interests).toBe(1);
  });

  it('is not asked about reply addresses, which are rights by themselves', () => {
    const one = bed.endpoint();
    subscribe(one, '#reply.secret');
    publish(one, '#reply.secret');
    expect(one.take()).toEqual(['answered subscribed', 'delivered #reply.secret']);
  });
});
