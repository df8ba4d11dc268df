import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { openLmdbStore } from 'mangrove/lmdb';
import { MangroveModule } from 'mangrove/nest';
import { Warehouse } from './warehouse.js';

const ORDERS = Number(process.env['ORDERS'] ?? 60);
const folder = mkdtempSync(join(tmpdir(), 'orders-'));

@Module({
  imports: [
    MangroveModule.forRootAsync({
      useFactory: async () => ({
        store: await openLmdbStore({ path: folder }),
        queues: [{ match: 'orders.charge', maxDeliveries: 3 }],
      }),
    }),
  ],
  providers: [Warehouse],
})
class Shop {}

const app = await NestFactory.create(Shop, { logger: ['error', 'warn'] });
await app.listen(process.env['PORT'] ?? 8080, '127.0.0.1');
const url = `${(await app.getUrl()).replace('http', 'ws')}/ws`;
console.log(`listening on ${url}`);

const warehouse = app.get(Warehouse);
const finished = new Promise<void>((done) => {
  warehouse.on('done', () => {
    if (warehouse.shipped.size + warehouse.declined.size === ORDERS) done();
  });
});

let worker = start('charge.js', url);
start('producer.js', url, String(ORDERS));
await said(worker, `charge: order ${Math.ceil(ORDERS / 2)}`);
worker.kill('SIGKILL');
await once(worker, 'exit');
console.log('the charging worker was killed, with up to five orders in its hands; here is another one');
worker = start('charge.js', url);

await finished;
console.log(`${warehouse.shipped.size} orders shipped, ${warehouse.declined.size} declined, none lost`);
worker.kill('SIGTERM');
await app.close();
rmSync(folder, { recursive: true });

/** Starts a program of this folder; what it says is shown. */
function start(program: string, ...args: string[]): ChildProcess {
  const path = fileURLToPath(new URL(program, import.meta.url));
  const child = spawn(process.execPath, [path, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  child.stdout.on('data', (text: Buffer) => process.stdout.write(text));
  process.once('exit', () => child.kill('SIGKILL'));
  return child;
}

/** Waits for a line of a program. */
async function said({ stdout }: ChildProcess, text: string): Promise<void> {
  for await (const line of createInterface({ input: stdout! })) if (line === text) return;
}
