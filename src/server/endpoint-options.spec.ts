import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { noInstrumentation } from '../broker/index.js';
import { loadConfig } from './config/index.js';
import { endpointOptions } from './endpoint-options.js';

let folder = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'mangrove-options-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** The options that this configuration makes. */
function optionsOf(yaml: string) {
  const file = join(folder, 'mangrove.yaml');
  writeFileSync(file, yaml);
  return endpointOptions(loadConfig({ file }), noInstrumentation, undefined);
}

describe('the options of a configuration', () => {
  it('leave to the broker what depends on the queue: the overflow and the limit of deliveries', () => {
    const { queues } = optionsOf('queues:\n  - match: orders.#\n    messageTtlMs: 1000\n');
    expect(queues).toEqual([
      {
        match: 'orders.#',
        messageTtlMs: 1000,
        durable: true,
        autoDelete: false,
        singleActive: false,
        clientArguments: true,
      },
    ]);
  });

  it.each([
    ['deadLetterQueue: failed', { kind: 'queue', name: 'failed' }],
    ['deadLetterTopic: deaths', { kind: 'topic', topic: 'deaths' }],
    ['discardDead: true', { kind: 'none' }],
  ])('say where dead letters go: %s', (line, deadLetter) => {
    const { queues } = optionsOf(`queues:\n  - match: jobs\n    ${line}\n`);
    expect(queues).toMatchObject([{ match: 'jobs', deadLetter }]);
  });
});
