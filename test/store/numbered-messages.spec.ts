import { afterEach, describe, expect, it } from '@jest/globals';
import { testServices } from '../../src/testing/index.js';
import { StompClient } from '../support/stomp-client.js';
import { eventually } from '../support/test-server.js';
import { LmdbFolder } from './lmdb-folder.js';

const folder = new LmdbFolder();
const clients: StompClient[] = [];

afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  await folder.remove();
});

/** What a client of a server with that store hears to these frames. */
async function heardBy(
  stores: Awaited<ReturnType<LmdbFolder['open']>>,
  frames: readonly string[],
  count: number,
): Promise<string[]> {
  const client = new StompClient(testServices({ stores }));
  clients.push(client);
  client.say('CONNECT\naccept-version:1.2\nhost:realm1\n\n\0').heard();
  client.say(...frames);
  const heard: string[] = [];
  await eventually(() => {
    heard.push(...client.heard());
    return heard.length >= count;
  });
  return heard;
}

const numbered = (sequence: number): string =>
  `SEND\ndestination:/queue/a\nproducer-id:p\nproducer-sequence:${sequence}\nreceipt:${sequence}\n\n${sequence}\0`;
const receipt = (sequence: number): string => `RECEIPT\nreceipt-id:${sequence}\n\n\0`;

describe('messages with numbers of their producer, in LMDB', () => {
  it('D14: are stored once over a restart, and answered each time', async () => {
    const before = await folder.open();
    expect(await heardBy(before, [numbered(1), numbered(2)], 2)).toEqual([receipt(1), receipt(2)]);
    clients.pop()?.close();
    await before.close();
    const after = await folder.open();
    expect((await heardBy(after, [numbered(1), numbered(2), numbered(3)], 3)).sort()).toEqual(
      [1, 2, 3].map(receipt),
    );
    const drained = await heardBy(after, ['SUBSCRIBE\nid:0\ndestination:/queue/a\nack:client\n\n\0'], 3);
    expect(drained.map((frame) => frame.slice(frame.indexOf('\n\n') + 2, -1))).toEqual(['1', '2', '3']);
  });
});
