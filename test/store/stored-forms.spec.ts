import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import type { Authenticator } from '../../src/broker/index.js';
import { StompPeer } from '../../src/testing/index.js';
import type { TestServices } from '../../src/testing/index.js';
import { WampPeer } from '../support/wamp-peer.js';
import { LmdbFolder } from './lmdb-folder.js';
import { wampServices } from '../support/wamp-services.js';

const user: Authenticator = {
  methods: ['ticket'],
  begin: () => ({
    kind: 'accepted',
    principal: { authid: 'ann', authrole: 'user', authmethod: 'ticket', authprovider: 'test' },
  }),
};

let folder: LmdbFolder;
let services: TestServices;

beforeEach(() => {
  folder = new LmdbFolder();
});

afterEach(() => folder.remove());

/** A server on a store that an older version has written. */
async function given(golden: string): Promise<void> {
  mkdirSync(folder.path);
  const path = fileURLToPath(new URL(`golden/${golden}`, import.meta.url));
  writeFileSync(folder.file, gunzipSync(readFileSync(path)));
  services = wampServices({
    authenticator: user,
    stores: await folder.open(),
    history: [{ match: 'audit.#' }],
    realms: ['realm1', 'realm2'],
  });
}

/** Takes what arrives, until so many messages are there. */
async function several<T>(take: () => T[], count: number): Promise<T[]> {
  const taken = take();
  while (taken.length < count) {
    await new Promise((resolve) => setImmediate(resolve));
    taken.push(...take());
  }
  return taken;
}

async function asWamp(realm: string, messages: readonly string[], count: number): Promise<unknown[][]> {
  const peer = new WampPeer(services);
  peer.send(`[1,"${realm}",{"roles":{"subscriber":{},"caller":{}}}]`).take();
  peer.send(...messages);
  const told = await several(() => peer.takeParsed(), count);
  peer.disconnect();
  return told;
}

const EVENTS = '[48,1,{},"wamp.subscription.get_events",["audit."],{"match":"prefix"}]';

describe('a store of format 1, made by an older version,', () => {
  it('X12: gives clients of WAMP what clients of STOMP had published', async () => {
    await given('format-1.mdb.gz');
    const subscribe = '[32,2,{"get_retained":true},"state.lamp"]';
    const told = await asWamp('realm1', [subscribe, EVENTS], 3);
    const event = told.find(([code]) => code === 36);
    expect(event?.slice(3)).toEqual([{ retained: true }, ['on']]);
    const result = told.find(([code]) => code === 50);
    const [entries] = result![3] as [{ publication: number; args: unknown[]; timestamp: string }[]];
    expect(entries.map(({ publication, args, timestamp }) => [publication, args, timestamp])).toEqual([
      [6, ['entry 6'], '2023-11-14T22:13:20.006Z'],
      [7, ['entry 7'], '2023-11-14T22:13:20.007Z'],
    ]);
  });

  it('X12: gives clients of STOMP what clients of WAMP had published, in every serializer', async () => {
    await given('format-1-2.mdb.gz');
    const peer = StompPeer.connect(services, {}, { host: 'realm2' });
    peer.subscribe('/topic/state.*', { 'get-retained': 'true' });
    const bodies = (await several(() => peer.take(), 3)).map(({ body, headers }) => [
      headers['destination'],
      headers['content-type'],
      body.toString('latin1'),
    ]);
    expect(bodies.sort()).toEqual([
      ['/topic/state.cbor', 'application/json', '["cbor",null]'],
      ['/topic/state.json', 'application/wamp+json', '{"args":["json",1],"kwargs":{"a":[true]}}'],
      ['/topic/state.msgpack', 'application/octet-stream', '\x01\xff'],
    ]);
    peer.subscribe('/topic/audit.wamp', { history: '9' });
    const replayed = await several(() => peer.take(), 3);
    expect(replayed.map(({ body }) => body.toString('latin1'))).toEqual([
      '{"args":["json",1],"kwargs":{"a":[true]}}',
      '\x01\xff',
      '["cbor",null]',
    ]);
    peer.disconnect();
  });

  it('X12: gives clients of WAMP what others of WAMP had published in another serializer, and its audience holds', async () => {
    await given('format-1-2.mdb.gz');
    const [result] = await asWamp('realm2', [EVENTS], 1);
    const [entries] = result![3] as [{ publication: number; args: unknown[]; kwargs?: object }[]];
    expect(entries.map(({ publication, args, kwargs }) => [publication, args, kwargs])).toEqual([
      [30, ['json', 1], { a: [true] }],
      [31, ['\0Af8='], undefined],
      [32, ['cbor', null], undefined],
      [34, [{ n: 1 }], undefined],
    ]);
  });
});
