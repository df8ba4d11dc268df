import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { LocalRouter } from '../../../test/support/local-router.js';
import { startLocalRouter, turn, uriOf } from '../../../test/support/local-router.js';
import { wamp } from '../../subprotocols/index.js';

let local: LocalRouter;
let heard: unknown[];

beforeEach(async () => {
  local = startLocalRouter({ subprotocols: [wamp()] });
  heard = [];
  await local.client.subscribe('presence', ({ args }) => void heard.push(args[0]));
});

afterEach(() => local.stop());

describe('a client of this process', () => {
  it('WAMP-130: leaves testaments as any client does, which are sent when it closes', async () => {
    const client = local.router.connect();
    const added = await client.call('wamp.session.add_testament', ['presence', ['gone']], {
      scope: 'detached',
    });
    expect([added, heard]).toEqual([undefined, []]);
    await client.close();
    await turn();
    expect(heard).toEqual(['gone']);
  });

  it('WAMP-131: takes them back', async () => {
    const client = local.router.connect();
    await client.call('wamp.session.add_testament', ['presence', ['gone']]);
    await client.call('wamp.session.flush_testaments');
    await client.close();
    await turn();
    expect(heard).toEqual([]);
  });

  it('WAMP-137: is told that there is no history where none is kept', async () => {
    expect(await uriOf(local.client.call('wamp.subscription.get_events', [1]))).toBe(
      'wamp.error.no_such_procedure',
    );
  });

  it('WAMP-145: describes a procedure that it offers', async () => {
    await local.client.register('com.add', ({ args }) => args[0]);
    const about = { type: 'procedure', title: 'Adds' };
    expect(await local.client.call('wamp.reflect.define', ['com.add', about])).toBe(true);
    expect(await local.client.call('wamp.reflection.procedure.list')).toEqual(['com.add']);
    await local.client.close();
    expect(await local.router.connect().call('wamp.reflect.describe')).toEqual([]);
  });
});
