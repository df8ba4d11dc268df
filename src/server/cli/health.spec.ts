import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Authority, CertificateFolder } from '../../../test/support/certificates.js';
import { loadConfig } from '../config/index.js';
import { startServer } from '../start.js';
import type { RunningServer } from '../start.js';
import { runCli } from './index.js';

let folder: CertificateFolder;
let server: RunningServer | undefined;
let tls = '';

beforeAll(() => {
  folder = new CertificateFolder();
  const authority = new Authority();
  const { cert, key } = authority.issue({ names: ['localhost'] });
  const [certFile, keyFile] = [folder.write('cert.pem', cert), folder.write('key.pem', key)];
  const caFile = folder.write('ca.pem', authority.cert);
  tls = `tls: { cert: ${certFile}, key: ${keyFile}, ca: ${caFile}`;
});
afterEach(async () => {
  await server?.stop();
  server = undefined;
});
afterAll(() => folder.remove());

function fileWith(yaml: string): string {
  const file = join(folder.path, 'mangrove.yaml');
  writeFileSync(file, `${yaml}\nlogs: { level: error }\n`);
  return file;
}

/** Starts a server of the configuration at a free port; asks it by the command line. */
async function serve(yaml: string): Promise<() => Promise<readonly [code: number, out: string]>> {
  const file = fileWith(yaml);
  server = await startServer(loadConfig({ file, env: { PORT: '0' } }));
  const env = { PORT: new URL(server.httpUrl).port, MANGROVE_CONFIG: file };
  return async () => {
    let out = '';
    const code = await runCli(['health'], {
      env,
      readInput: () => Promise.resolve(''),
      out: (text) => (out += text),
      err: (text) => (out += text),
      onStop: () => {},
      onReload: () => {},
    });
    return [code, out];
  };
}

describe('mangrove health', () => {
  it.each([
    ['over http', () => ''],
    ['over https', () => `${tls} }`],
    ['over https to a server that asks for certificates', () => `${tls}, clientAuth: request }`],
    ['over https to a server that wants a certificate', () => `${tls}, clientAuth: require }`],
    ['at all addresses', () => 'host: 0.0.0.0\nanonymous: true'],
    ['by a name that is answered', () => 'host: 0.0.0.0\nanonymous: true\nhosts: [broker.example.com]'],
  ])('%s', async (_how, yaml) => {
    const ask = await serve(yaml());
    expect(await ask()).toEqual([0, expect.stringMatching(/^\{"status":"ok",.*\}\n$/)]);
  });

  it('exits with 1 while the server drains, and when there is none', async () => {
    const ask = await serve(`${tls} }`);
    await server?.router.drain(0);
    expect(await ask()).toEqual([1, expect.stringContaining('"status":"draining"')]);
    await server?.stop();
    expect(await ask()).toEqual([1, expect.stringMatching(/^no answer: .*ECONNREFUSED/)]);
  });
});
