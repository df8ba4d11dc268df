import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { SlowQueueStore, turns } from '../../../test/support/slow-queue-store.js';
import { memoryStore } from '../../engines/memory/index.js';
import type { TestServices } from '../../testing/index.js';
import { StompPeer, testServices } from '../../testing/index.js';

let store: SlowQueueStore;
let services: TestServices;
let peers: StompPeer[];

beforeEach(() => {
  store = new SlowQueueStore();
  services = testServices({ stores: { ...memoryStore(), queues: store } });
  peers = [StompPeer.connect(services), StompPeer.connect(services)];
});

afterEach(async () => {
  for (const peer of peers) peer.disconnect();
  await store.confirm();
});

describe('DISCONNECT', () => {
  it('STOMP-60: loses nothing to a SUBSCRIBE whose queue was still being made', async () => {
    const [leaver, other] = [peers[0]!, peers[1]!];
    leaver.send('SUBSCRIBE', { id: '1', destination: '/queue/a', durable: 'true', receipt: 's' });
    other.send('SEND', { destination: '/queue/a' }, 'x');
    leaver.send('SEND', { destination: '/queue/b' }, 'y');
    leaver.send('DISCONNECT', { receipt: 'bye' });
    await store.confirm();
    expect(leaver.take().map(({ command, headers }) => `${command} ${headers['receipt-id']}`)).toEqual([
      'RECEIPT s',
      'RECEIPT bye',
    ]);
    other.send('SUBSCRIBE', { id: '1', destination: '/queue/a' });
    await turns();
    await store.confirm();
    expect(other.take().map(({ body }) => `${body}`)).toEqual(['x']);
  });

  it('STOMP-60: ends a SUBSCRIBE without a receipt whose durable queue was still being made', async () => {
    const [leaver, other] = [peers[0]!, peers[1]!];
    const durable = { id: 'd', destination: '/topic/a', durable: 'true' };
    leaver.send('SUBSCRIBE', durable);
    other.send('SEND', { destination: '/topic/a' }, 'x');
    leaver.send('DISCONNECT', { receipt: 'bye' });
    await store.confirm();
    expect(leaver.take().map(({ command }) => command)).toEqual(['RECEIPT']);
    other.send('SUBSCRIBE', durable);
    await store.confirm();
    await turns();
    await store.confirm();
    expect(other.take().map(({ command, body }) => `${command} ${body}`)).toEqual(['MESSAGE x']);
  });
});
