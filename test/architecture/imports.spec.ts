import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { cruise } from './dependencies.js';
import { ROOT } from './sources.js';

// A process of its own, which may have to wait for the processor.
jest.setTimeout(60_000);

const name = ({ rule, from, to }: ReturnType<typeof cruise>['summary']['violations'][number]) =>
  `${rule.name}: ${from} → ${to}`;

describe('the import rule', () => {
  it('holds in src', () => {
    expect(cruise().summary.violations.map(name)).toEqual([]);
  });
});

describe('the import rule, with bad imports planted,', () => {
  let folder: string;
  let broken: string[];

  const plant = (file: string, text: string) => {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), text);
  };

  beforeAll(() => {
    folder = realpathSync(mkdtempSync(join(tmpdir(), 'imports-')));
    copyFileSync(join(ROOT, 'tsconfig.json'), join(folder, 'tsconfig.json'));
    symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
    plant('src/lib/index.ts', 'export const one = 1;');
    plant('src/transport/index.ts', "export { one } from '../lib/index.js';");
    plant('src/broker/inside.ts', "export { one } from '../lib/index.js';");
    plant(
      'src/broker/up.ts',
      "import type { one } from '../transport/index.js';\nexport type One = typeof one;",
    );
    plant('src/broker/third.ts', "import { WebSocket } from 'ws';\nexport const socket = WebSocket;");
    plant('src/broker/node.ts', "import { join } from 'node:path';\nexport const path = join;");
    plant('src/subprotocols/stomp/sideways.ts', "export { two } from '../wamp/index.js';");
    plant('src/subprotocols/wamp/index.ts', 'export const two = 2;');
    plant('src/router/past-the-index.ts', "export { one } from '../broker/inside.js';");
    broken = cruise(folder).summary.violations.map(name);
  });

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it.each([
    ['an import from a higher floor, for its types only', 'broker-imports-down-only: src/broker/up.ts →'],
    ['a package that is not listed', 'broker-imports-down-only: src/broker/third.ts →'],
    ['a module of Node that is not listed', 'broker-imports-down-only: src/broker/node.ts →'],
    ['a sideways import', 'stomp-imports-down-only: src/subprotocols/stomp/sideways.ts →'],
    ['an import past the index', 'router-imports-down-only: src/router/past-the-index.ts →'],
  ])('refuses %s', (_, violation) => {
    expect(broken.filter((found) => found.startsWith(violation))).toHaveLength(1);
  });

  it('lets the others pass', () => {
    expect(
      broken.filter((found) => /src\/(?:transport|lib|broker\/inside)/.test(found.split(' → ')[0]!)),
    ).toEqual([]);
  });
});
