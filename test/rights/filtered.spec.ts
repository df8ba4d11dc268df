import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { LocalClient, Router } from '../../src/router/index.js';
import { createRouter, dynamicAuthorizer, roles } from '../../src/router/index.js';

let router: Router;
let sender: LocalClient;
let heard: string[];

/** A reader of every topic, whose events are filtered. */
async function listen(match: 'prefix' | 'multi', pattern: string): Promise<void> {
  const reader = router.connect({ principal: { authid: 'rita', authrole: 'reader' } });
  await reader.subscribe(pattern, ({ args: [topic] }) => void heard.push(String(topic)), { match });
}

/** Publishes to each topic, and waits until what goes by has gone by. */
async function publish(...topics: readonly string[]): Promise<void> {
  for (const topic of topics) await sender.publish(topic, [topic]);
  await new Promise((go) => setImmediate(go));
}

function start(authorizer: ReturnType<typeof roles>): void {
  router = createRouter({ authorizer });
  sender = router.connect();
}

beforeEach(() => {
  heard = [];
});
afterEach(() => router.close());

describe('a subscription that is filtered', () => {
  const rules = [
    { match: 'orders.#', allow: ['subscribe'] },
    { match: 'orders.*.secret', deny: ['subscribe'] },
  ] as const;

  it.each([
    ['multi', '#'],
    ['prefix', ''],
    ['prefix', 'orders.'],
  ] as const)(
    'A10: to the %s %j hears of the topics that it might subscribe to one by one',
    async (match, pattern) => {
      start(roles({ patterns: 'filtered', roles: [{ role: 'reader', rules }] }));
      await listen(match, pattern);
      await publish(
        'orders.1.secret',
        'mails',
        'orders.1.placed',
        'user.rita.queue.x',
        'orders.2.secret',
        'orders.2',
      );
      expect(heard).toEqual(['orders.1.placed', 'orders.2']);
    },
  );

  it('A10: hears of what a procedure has yet to decide only once that is decided', async () => {
    let answer: (allow: boolean) => void = () => {};
    const defer = dynamicAuthorizer({
      authorize: ({ uri }) => (uri === 'mails' ? new Promise<boolean>((decide) => (answer = decide)) : false),
    });
    start(roles({ patterns: 'filtered', roles: [{ role: 'reader', rules }], defer }));
    await listen('multi', '#');
    await publish('mails');
    expect(heard).toEqual([]);
    answer(true);
    await publish('orders.1');
    await publish('mails');
    expect(heard).toEqual(['orders.1', 'mails']);
  });
});
