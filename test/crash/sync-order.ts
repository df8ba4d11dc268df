import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Life, within } from './life.js';
import { makeSite } from './server-process.js';
import { OrderCheck, markOf, receiptOf } from './trace.js';
import type { OrderReport } from './trace.js';

const IN_FLIGHT = 100;
/** What all receipts may take, in ms, tracing slows the server. */
const RECEIPTS_MS = 120_000;
const CALLS = 'openat,fdatasync,fsync,msync,pwrite64,pwritev,pwritev2,write,writev,sendto,sendmsg';

/** What a proof needs. */
export interface SyncOrderOptions {
  /** Path of `dist/main.js`. */
  readonly main: string;
  /** Persistent SENDs with a receipt. */
  readonly messages: number;
}

/** What came of it. */
export interface SyncOrderResult extends OrderReport {
  /** The trace, kept only if there is a violation. */
  readonly trace: string;
}

/**
 * Runs the server under strace, sends persistent messages to a queue, up to a hundred in flight, and reads from the trace that
 * each RECEIPT left after the sync that covers its message.
 *
 * @throws Error if strace is not there, or not all receipts come.
 */
export async function syncOrder({ main, messages }: SyncOrderOptions): Promise<SyncOrderResult> {
  const site = makeSite();
  const trace = join(site.folder, 'trace');
  // Long strings: a page or a batch of receipts must not be cut.
  const strace = ['strace', '-f', '-y', '-s', '1100000', '-e', 'signal=none', '-e', `trace=${CALLS}`];
  const life = new Life(main, site, [...strace, '-o', trace, '--']);
  try {
    await sendAll(life, messages);
  } finally {
    await life.stop();
  }
  const order = new OrderCheck(site.store);
  for await (const line of createInterface({ input: createReadStream(trace) })) order.line(line);
  const report = order.report();
  const missing = messages - report.receipts;
  const violations =
    missing === 0 ? report.violations : [...report.violations, `${missing} receipts are not in the trace`];
  if (violations.length > 0) site.keep();
  else site.remove();
  return { ...report, violations, trace };
}

async function sendAll(life: Life, messages: number): Promise<void> {
  const url = await life.during(life.server.ready());
  const peer = await life.stomp(url);
  let sent = 0;
  let confirmed = 0;
  let done = (): void => {};
  const all = new Promise<void>((resolve) => (done = resolve));
  const send = (): void => {
    const n = (sent += 1);
    peer.enqueue(
      'order',
      `the trace knows it by ${markOf(n)}`,
      () => {
        confirmed += 1;
        if (confirmed === messages) done();
        else if (sent < messages) send();
      },
      receiptOf(n),
    );
  };
  while (sent < Math.min(IN_FLIGHT, messages)) send();
  await life.during(within(all, RECEIPTS_MS, 'not all receipts came'));
  await life.during(peer.close());
}
