import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { TestServices, TestServicesOptions } from '../testing/index.js';
import { RecordingEndpoint, testServices } from '../testing/index.js';
import type { Broker, Decision } from './index.js';
import { Payload } from './index.js';

let services: TestServices;
let broker: Broker;
let endpoints: RecordingEndpoint[];
let defects: string[];

function start(options: TestServicesOptions = {}): void {
  defects = [];
  services = testServices({
    instrumentation: { count() {}, event() {}, defect: (where) => void defects.push(where) },
    ...options,
  });
  broker = services.realms.find('realm1')!;
  endpoints = [];
}

function endpoint(
  ...rest: ConstructorParameters<typeof RecordingEndpoint> extends [Broker, ...infer R] ? R : never
) {
  const made = new RecordingEndpoint(broker, ...rest);
  endpoints.push(made);
  return made;
}

const exact = (text: string) => ({ match: 'exact', text }) as const;
const subscribe = (who: RecordingEndpoint, topic: string, key = topic) =>
  who.attachment.subscribe({}, { key, pattern: exact(topic) });
const publish = (who: RecordingEndpoint, topic: string, acknowledge = false) =>
  who.attachment.publish({}, { topic, payload: Payload.empty }, acknowledge);

beforeEach(() => start());

afterEach(() => {
  for (const made of endpoints) made.attachment.detach();
  services.clock.advance(700_000);
  expect(broker.stats).toEqual({ sessions: 0, subscriptions: 0, interests: 0, registrations: 0, calls: 0 });
  expect(services.clock.pending).toBe(0);
});

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
    start({ authorizer });
  });

  it('refuses each command that is not allowed', () => {
    const one = endpoint();
    for (const action of ['publish a', 'subscribe a', 'register a', 'call a'])
      decisions.set(action, { allow: false });
    publish(one, 'a');
    subscribe(one, 'a');
    one.attachment.register({}, { pattern: exact('a') });
    one.attachment.call({}, { procedure: 'a', payload: Payload.empty });
    expect(one.take()).toEqual(Array(4).fill('answered refused not_authorized'));
  });

  it('counts an authorizer that throws, rejects or answers nothing as a no', async () => {
    const one = endpoint();
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
    const [one, two] = [endpoint(), endpoint()];
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
    const one = endpoint();
    decisions.set('publish a', { allow: true, disclose: false });
    one.attachment.publish({}, { topic: 'a', payload: Payload.empty, disclose: true }, true);
    one.attachment.publish({}, { topic: 'a', payload: Payload.empty }, true);
    expect(one.take()).toEqual(['answered refused disclosure_refused', 'answered published']);
  });

  it('X6: is asked about the canonical pattern, whatever way it was spelled', () => {
    const one = endpoint();
    decisions.set('subscribe a..c', { allow: true });
    one.attachment.subscribe({}, { key: '1', pattern: { match: 'multi', text: 'a..c' } });
    one.attachment.subscribe({}, { key: '2', pattern: { match: 'wildcard', text: 'a..c' } });
    expect(one.take()).toEqual(['answered subscribed', 'answered subscribed']);
    expect(broker.stats.interests).toBe(1);
  });

  it('is not asked about reply addresses, which are rights by themselves', () => {
    const one = endpoint();
    subscribe(one, '#reply.secret');
    publish(one, '#reply.secret');
    expect(one.take()).toEqual(['answered subscribed', 'delivered #reply.secret']);
  });
});
