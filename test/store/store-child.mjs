// A process with a store, for tests that end it, trace it, or take its disk away. What happens is told in lines on standard
// output, each written at once: `confirmed 7`, `refused 7 full`, `{"…":…}`.
import { readFileSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { BAND, Payload, Publication } from '../../dist/broker/index.js';
import { openLmdbStore } from '../../dist/engines/lmdb/index.js';

const [scenario, options] = [process.argv[2], JSON.parse(process.argv[3])];
const queue = { realm: 'realm1', queue: 'jobs' };
const everything = { queue, after: undefined, before: 15 * BAND, limit: 1_000_000 };
const principal = { authid: 'a', authrole: 'b', authmethod: 'c', authprovider: 'd' };

const tell = (text) => writeSync(1, `${text}\n`);
process.on('unhandledRejection', (reason) => tell(`unhandled ${reason}`));
process.on('uncaughtException', (error) => tell(`uncaught ${error}`));

function put(number, bytes = 100) {
  const body = Buffer.alloc(bytes, number % 251);
  const content = { topic: 'jobs', payload: Payload.ofBody(body, 'text/plain') };
  const publication = new Publication(
    number + 1,
    content,
    undefined,
    { protocol: 'test', session: 1, principal },
    1,
  );
  const message = { publication, deliveries: 0, redelivered: false, death: undefined };
  return { kind: 'put', queue, position: 5 * BAND + number, message, dueAt: undefined };
}
const remove = (number) => ({ kind: 'remove', queue, position: 5 * BAND + number });

async function attempt(number, operations) {
  try {
    await store.queues.commit(operations);
    tell(`confirmed ${number}`);
    return 'confirmed';
  } catch (error) {
    tell(`refused ${number} ${error.code}`);
    return error.code;
  }
}

const events = [];
const instrumentation = {
  count() {},
  event: (name) => events.push(name),
  defect: (where, error) => tell(`defect ${where} ${error}`),
};
const store = await openLmdbStore({ ...options.store, instrumentation });
let failures = 0;
store.queues.watch('realm1', { ready() {}, failed: () => (failures += 1) });
const numbers = () => store.queues.browse(everything).map(({ position }) => position - 5 * BAND);
const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

const scenarios = {
  /** One commit after the other. */
  async sequence() {
    for (let number = 0; number < options.count; number += 1)
      await attempt(number, [put(number, options.bytes)]);
    tell(JSON.stringify({ failure: store.failure, failures }));
  },

  /** Many at once, for ever; every third one is taken out again. */
  async burst() {
    let next = store.queues.list('realm1')[0]?.nextNumber ?? 0;
    const worker = async () => {
      for (;;) {
        const number = next;
        next += 1;
        await attempt(number, [put(number, 50 + (number % 500))]);
        if (number % 3 === 0) {
          tell(`removing ${number}`);
          await store.queues.commit([remove(number)]);
          tell(`removed ${number}`);
        }
      }
    };
    await Promise.all(Array.from({ length: 50 }, worker));
  },

  /** Until the disk is full; then consumers drain; then there is room again. */
  async full() {
    let number = 0;
    let outcome;
    do outcome = await attempt((number += 1), [put(number, 60_000)]);
    while (outcome === 'confirmed');
    const stored = numbers();
    for (const one of stored.slice(0, stored.length / 2)) await store.queues.commit([remove(one)]);
    const drained = stored.length - numbers().length;
    if (options.ballast !== undefined) rmSync(options.ballast);
    await wait(300);
    const again = await attempt(1_000_000, [put(1_000_000, 60_000)]);
    tell(
      JSON.stringify({
        refused: outcome,
        stored: stored.length,
        drained,
        again,
        failure: store.failure,
        events,
      }),
    );
  },

  /** No room at all, not even for removals, until there is. */
  async starved() {
    for (let number = 0; number < 20; number += 1) await attempt(number, [put(number, 10_000)]);
    const { size } = options;
    for (let part = 0; ; part += 1) {
      try {
        writeFileSync(join(options.disk, `ballast-${part}`), Buffer.alloc(size));
      } catch {
        break;
      }
    }
    const refused = await attempt(100, [put(100, 500_000)]);
    let removed = false;
    const removal = store.queues.commit([remove(0), remove(1)]).then(() => (removed = true));
    await wait(200);
    rmSync(join(options.disk, 'ballast-0'));
    await removal;
    const again = await attempt(101, [put(101, 10_000)]);
    tell(JSON.stringify({ refused, removed, again, left: numbers().length, failure: store.failure }));
  },

  /** Ready, and how long it took. */
  async ready() {
    const status = readFileSync('/proc/self/status', 'utf8');
    const [known] = store.queues.list('realm1');
    const first = await store.queues.lease({ ...everything, limit: 1 });
    tell(
      JSON.stringify({
        readyMs: performance.now(),
        rssKiB: Number(/VmRSS:\s+(\d+)/.exec(status)[1]),
        messages: known?.messages ?? 0,
        first: first.length,
      }),
    );
  },

  /** Fills a store with small messages. */
  async fill() {
    for (let number = 0; number < options.count;) {
      const operations = [];
      while (operations.length < 5000 && number < options.count) operations.push(put(number++, 20));
      await store.queues.commit(operations);
    }
  },

  /** Keeps it open until it is ended. */
  async hold() {
    tell('open');
    await wait(60_000);
  },
};

await scenarios[scenario]();
await store.close();
tell('closed');
