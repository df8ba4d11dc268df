import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { faultsOf } from '../../scripts/package/tarball.mjs';

const MANIFEST = {
  bin: { mangrove: 'dist/main.js' },
  exports: {
    '.': { types: './dist/index.d.ts', default: './dist/index.js' },
    './nest': { default: './dist/nest.js' },
    './subprotocol': { default: './dist/index.js' },
    './testing': { default: './dist/index.js' },
    './lmdb': { default: './dist/index.js' },
  },
  dependencies: { ws: '8' },
  peerDependencies: { '@nestjs/core': '12', optional: '1' },
  peerDependenciesMeta: { optional: { optional: true } },
};
const GOOD: Readonly<Record<string, string>> = {
  'package.json': JSON.stringify(MANIFEST),
  'dist/index.js': "import 'node:fs';\nexport { WebSocket } from 'ws';\n//# sourceMappingURL=index.js.map\n",
  'dist/index.js.map': '{"version":3,"sources":["../src/index.ts"],"mappings":""}',
  'dist/index.d.ts': '',
  'dist/nest.js': "import { a } from '@nestjs/core';\nimport './index.js';\n",
  'dist/main.js': '',
  'dist/server/index.js': '',
  'src/index.ts': '',
};

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mangrove-tarball-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function faults(changes: Readonly<Record<string, string | undefined>>, bytes = 1000): string[] {
  const files = Object.entries({ ...GOOD, ...changes }).filter(
    (entry): entry is [string, string] => entry[1] !== undefined,
  );
  for (const [file, text] of files) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), text);
  }
  return faultsOf(
    folder,
    files.map(([file]) => file),
    bytes,
  );
}

describe('a tarball', () => {
  it('is good', () => {
    expect(faults({})).toEqual([]);
  });

  it.each(['dist/a.spec.js', 'test/x.js', 'src/.env', 'bench/index.js', 'notes.txt', 'dist/x.tsbuildinfo'])(
    'is refused for %s',
    (file) => {
      expect(faults({ [file]: '' })).toEqual([`${file} is shipped`]);
    },
  );

  it('is refused for a source map that leads nowhere, or is missing', () => {
    expect(faults({ 'src/index.ts': undefined })).toEqual([
      'dist/index.js.map leads to ../src/index.ts, which is missing',
    ]);
    expect(faults({ 'dist/index.js.map': undefined })).toEqual([
      'dist/index.js names the source map dist/index.js.map, which is missing',
    ]);
  });

  it('is refused for a target that is missing, a path of this machine, and its size', () => {
    expect(faults({ 'dist/index.d.ts': undefined })).toEqual([
      'dist/index.d.ts is named in package.json and missing',
    ]);
    const path = process.cwd();
    expect(faults({ 'src/index.ts': `// ${path}/x` })).toEqual([`src/index.ts holds the path ${path}`]);
    expect(faults({}, 3_000_000)).toEqual(['it has 3000000 bytes; more than 2500000 need a look']);
  });

  it('is refused for an import that not everybody can follow', () => {
    const missing = 'which is not installed with the package for everybody';
    expect(faults({ 'dist/index.js': "import { a } from '@nestjs/core';\n" })).toEqual([
      `. imports @nestjs/core, ${missing}`,
      `./subprotocol imports @nestjs/core, ${missing}`,
      `./lmdb imports @nestjs/core, ${missing}`,
      `./testing imports @nestjs/core, ${missing}`,
    ]);
    expect(faults({ 'dist/nest.js': "import {\n  a,\n} from 'optional/deep';\n" })).toEqual([
      `./nest imports optional, ${missing}`,
    ]);
    expect(faults({ 'dist/server/index.js': "export * from 'unknown';\n" })).toEqual([
      `the command imports unknown, ${missing}`,
    ]);
  });
});
