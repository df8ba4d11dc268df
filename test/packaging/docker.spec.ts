import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { schemaFaults, serviceFaults } from '../../scripts/docker/compose.mjs';
import { missingSources } from '../../scripts/docker/context.mjs';
import { readDockerfile } from '../../scripts/docker/dockerfile.mjs';
import { parseDockerignore } from '../../scripts/docker/dockerignore.mjs';
import { loadConfig } from '../../src/server/config/index.js';
import { ROOT, textOf } from '../architecture/sources.js';

const GOOD = `FROM node:20-bookworm-slim AS build
WORKDIR /app
COPY package.json ./
FROM node:20-bookworm-slim
COPY --from=build /app/dist ./dist
USER 1000:1000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s CMD ["node", "dist/main.js", "health"]
CMD ["node", "dist/main.js"]
`;

describe('a Dockerfile', () => {
  it('is read into stages and steps, without faults if it is good', () => {
    const { stages, faults } = readDockerfile(GOOD);
    expect(faults).toEqual([]);
    expect(stages.map(({ name, base }) => [name, base])).toEqual([
      ['build', 'node:20-bookworm-slim'],
      ['1', 'node:20-bookworm-slim'],
    ]);
    expect(stages[1]?.steps.at(-1)?.exec).toEqual(['node', 'dist/main.js']);
  });

  it.each([
    ['an unknown instruction', 'WORKDIR /app', 'WORKDIT /app', 'line 2: WORKDIT is no instruction'],
    ['an unknown flag', '--from=build', '--form=build', 'line 5: COPY has the unknown flag --form'],
    [
      'an unknown stage',
      '--from=build',
      '--from=bild',
      'line 5: COPY copies from "bild", which is no stage above',
    ],
    ['root', 'USER 1000:1000', 'USER root', 'the image runs as root'],
    [
      'a CMD for the shell',
      'CMD ["node", "dist/main.js"]',
      'CMD node dist/main.js',
      'line 9: CMD is not in exec form',
    ],
    ['another signal', 'SIGTERM', 'SIGKILL', 'STOPSIGNAL is not SIGTERM'],
    ['no health check', 'HEALTHCHECK --interval=30s CMD', 'LABEL x=', 'there is no HEALTHCHECK in exec form'],
    ['no tag', 'FROM node:20-bookworm-slim\n', 'FROM node\n', 'stage 1 has no fixed tag: node'],
  ])('is refused for %s', (_, good, bad, fault) => {
    expect(GOOD).toContain(good);
    expect(readDockerfile(GOOD.replace(good, bad)).faults).toContain(fault);
  });

  it('is refused for a source that is not in the context', () => {
    const { stages } = readDockerfile(GOOD);
    expect(missingSources(stages, ['package.json'])).toEqual([]);
    expect(missingSources(stages, ['src/main.ts'])).toEqual([
      'line 3: COPY package.json: missing, or ignored by .dockerignore',
    ]);
  });
});

describe('.dockerignore', () => {
  const { ignores, maySee } = parseDockerignore('# all\n*\n!src\n!docker/x.yaml\n**/*.spec.ts\n');

  it.each([
    ['package.json', true],
    ['src/main.ts', false],
    ['src/a/b.ts', false],
    ['src/a/b.spec.ts', true],
    ['docker/x.yaml', false],
    ['docker/y.yaml', true],
    ['.env', true],
  ])('keeps %s out: %s', (path, expected) => {
    expect(ignores(path)).toBe(expected);
  });

  it('tells which folders have to be looked into', () => {
    expect(['src', 'docker', 'node_modules', '.git'].map(maySee)).toEqual([true, true, false, false]);
  });

  it('of the repository lets neither secrets nor what was built here in', () => {
    const { ignores: keepsOut } = parseDockerignore(textOf('.dockerignore'));
    const paths = [
      '.env',
      '.npmrc',
      '.git/config',
      'node_modules/x/index.js',
      'dist/main.js',
      'src/.env.spec.ts',
    ];
    expect(paths.filter((path) => !keepsOut(path))).toEqual([]);
  });
});

describe('compose.yaml', () => {
  const compose = textOf('docker/compose.yaml');
  const config = textOf('docker/mangrove.yaml');
  const image = readDockerfile(textOf('docker/Dockerfile')).stages.at(-1)!;
  const faultsOf = (text: string, configuration = config) => [
    ...schemaFaults(text),
    ...serviceFaults(join(ROOT, 'docker'), text, image, configuration),
  ];

  it('has no faults', () => {
    expect(faultsOf(compose)).toEqual([]);
  });

  it.each([
    [
      'an unknown key',
      'restart: unless-stopped',
      'restrat: always',
      '/services/mangrove must NOT have additional',
    ],
    [
      'a wrong type',
      'read_only: true\n    cap_drop',
      'read_only: 7\n    cap_drop',
      '/services/mangrove/read_only must be',
    ],
    ['an open port', "'127.0.0.1:8080:8080'", "'8080:8080'", '8080:8080 is open to everybody'],
    ['another port', "'127.0.0.1:8080:8080'", "'127.0.0.1:80:80'", '127.0.0.1:80:80 is not the port'],
    ['a short stop', 'stop_grace_period: 15s', 'stop_grace_period: 5s', 'the drain may take longer'],
    [
      'another place',
      'target: /etc/mangrove/mangrove.yaml',
      'target: /etc/x.yaml',
      'the configuration is not where',
    ],
  ])('is refused for %s', (_, good, bad, fault) => {
    expect(compose).toContain(good);
    expect(faultsOf(compose.replace(good, bad)).some((found) => found.startsWith(fault))).toBe(true);
  });

  it('may open the port when not everybody may come in', () => {
    const open = compose.replace("'127.0.0.1:8080:8080'", "'8080:8080'");
    const store = 'store:\n  lmdb:\n    path: /var/lib/mangrove\n';
    expect(faultsOf(open, `anonymous: false\n${store}drainMs: 8000\n`)).toEqual([]);
  });
});

describe('a configuration for the container', () => {
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'mangrove-config-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const load = (yaml: string) => {
    const file = join(folder, 'mangrove.yaml');
    writeFileSync(file, yaml);
    return loadConfig({ file, env: { HOST: '0.0.0.0', PORT: '8080' } });
  };

  it('lets everybody in only because it says so', () => {
    const yaml = textOf('docker/mangrove.yaml');
    expect(load(yaml)).toMatchObject({ anonymous: true, host: '0.0.0.0', drainMs: 8000 });
    expect(() => load(yaml.replace('anonymous: true\n', ''))).toThrow('Two ways out');
  });

  it('is valid in every block of the documentation, and lets nobody in without a login there', () => {
    const blocks = [...textOf('docs/docker.md').matchAll(/^```yaml mangrove\.yaml\n([^]*?)^```$/gm)];
    expect(blocks).toHaveLength(2);
    for (const [, yaml = ''] of blocks) expect(load(yaml).anonymous).toBe(false);
  });
});
