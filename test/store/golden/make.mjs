// Writes `format-<n>.mdb.gz` beside itself: a store with one record of each kind, as this version writes it. Run once for each
// new format, after `npm run build`, and keep the files of the older ones.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { BAND, DELAYED_BAND, Payload, Publication } from '../../../dist/broker/index.js';
import { backupStore, openLmdbStore } from '../../../dist/engines/lmdb/index.js';

const [version] = process.argv.slice(2);
const base = mkdtempSync(join(tmpdir(), 'mangrove-golden-'));
const stores = await openLmdbStore({ path: join(base, 'store') });

const principal = { authid: 'joe', authrole: 'user', authmethod: 'ticket', authprovider: 'static' };
const origin = { protocol: 'stomp', session: 7, principal };
const publication = (id, content, publisher) =>
  new Publication(id, content, publisher, origin, 1_700_000_000_000 + id);
const body = (text, contentType) => Payload.ofBody(Buffer.from(text), contentType);

const queue = { realm: 'realm1', queue: 'orders' };
const message = (publication, death) => ({ publication, deliveries: 0, redelivered: false, death });
const death = {
  reason: 'rejected',
  queue: 'a',
  deliveries: 3,
  at: 1_700_000_000_500,
  first: { reason: 'expired', queue: 'b' },
};
const whole = publication(
  1,
  {
    topic: 'orders',
    payload: body('{"n":1}', 'application/json'),
    headers: new Map([['colour', 'grün']]),
    spelling: '/queue/orders',
    expiresAt: 4_000_000_000_000,
    audience: {
      eligible: { authids: new Set(['ann', 'bob']) },
      exclude: { sessions: new Set([9]), authroles: new Set(['guest']) },
    },
  },
  { session: 7, authid: 'joe', authrole: 'user' },
);
const large = publication(2, { topic: 'orders', payload: body('x'.repeat(10_000)) });
const slices = Payload.ofSlices('msgpack', Buffer.from([0x91, 0x01]), Buffer.from([0x81, 0xa1, 0x61, 0x02]));
const delayed = publication(3, { topic: 'orders', payload: slices });

await stores.queues.commit([{ kind: 'declare', queue, definition: '{"durable":true}' }]);
await stores.queues.commit([
  { kind: 'put', queue, position: 5 * BAND, message: message(whole, death), dueAt: 4_000_000_000_000 },
  { kind: 'put', queue, position: 5 * BAND + 1, message: message(large), dueAt: undefined },
  {
    kind: 'put',
    queue,
    position: DELAYED_BAND * BAND + 2,
    message: message(delayed),
    dueAt: 3_000_000_000_000,
  },
]);
await stores.queues.commit([{ kind: 'return', queue, position: 5 * BAND + 1, deliveries: 2 }]);
await stores.retained.put('realm1', publication(4, { topic: 'state.lamp', payload: body('on') }));
const bounds = { entries: 2, bytes: 1000 };
for (const id of [5, 6, 7])
  await stores.history.append(
    'realm1',
    publication(id, { topic: 'audit.in', payload: body(`entry ${id}`) }),
    bounds,
  );
// What clients of both protocols have published, in a realm of its own.
const wampOrigin = { protocol: 'wamp', session: 8, principal };
const said = (id, topic, payload, more = {}) =>
  new Publication(id, { topic, payload, ...more }, undefined, wampOrigin, 1_700_000_000_000 + id);
const spoken = {
  json: Payload.ofSlices('json', Buffer.from('["json",1]'), Buffer.from('{"a":[true]}')),
  msgpack: Payload.ofSlices('msgpack', Buffer.from([0x91, 0xc4, 0x02, 0x01, 0xff])),
  cbor: Payload.ofSlices('cbor', Buffer.from([0x82, 0x64, 0x63, 0x62, 0x6f, 0x72, 0xf6])),
};
for (const [at, name] of Object.keys(spoken).entries()) {
  const kept = said(20 + at, `state.${name}`, spoken[name], { excludePublisher: true });
  await stores.retained.put('realm2', kept);
  await stores.history.append('realm2', said(30 + at, 'audit.wamp', spoken[name]), {
    entries: 9,
    bytes: 1000,
  });
}
const forBosses = { audience: { eligible: { authroles: new Set(['boss']) } } };
await stores.history.append('realm2', said(33, 'audit.wamp', spoken.json, forBosses), {
  entries: 9,
  bytes: 1000,
});
const fromStomp = publication(34, { topic: 'audit.stomp', payload: body('{"n":1}', 'application/json') });
await stores.history.append('realm2', fromStomp, { entries: 9, bytes: 1000 });
await stores.close();

await backupStore(join(base, 'store'), join(base, 'copy'));
const file = fileURLToPath(new URL(`format-${version}.mdb.gz`, import.meta.url));
writeFileSync(file, gzipSync(readFileSync(join(base, 'copy', 'data.mdb')), { level: 9 }));
rmSync(base, { recursive: true });
