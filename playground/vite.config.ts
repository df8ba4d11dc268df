import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';
import type { Plugin } from 'vite';

const HERE = fileURLToPath(new URL('.', import.meta.url));
const STAND_INS = join(HERE, 'src/stand-ins');
const NOTHING = join(STAND_INS, 'nothing.ts');

/**
 * AutobahnJS is written for Browserify: its MessagePack and CBOR packages need Node's Buffer and streams, and it brings
 * polyfills (one with `eval`), long polling, raw sockets and logins that this page has no use for.
 */
const AUTOBAHN: Readonly<Record<string, string>> = {
  msgpack5: join(STAND_INS, 'msgpack5.ts'),
  cbor: join(STAND_INS, 'cbor.ts'),
  when: NOTHING,
  'crypto-js': NOTHING,
  tweetnacl: NOTHING,
  fs: NOTHING,
  './polyfill.js': NOTHING,
  './transport/longpoll.js': NOTHING,
  './transport/rawsocket.js': NOTHING,
};

const autobahnForBrowsers: Plugin = {
  name: 'autobahn-for-browsers',
  enforce: 'pre',
  resolveId(source, importer) {
    const isAutobahn = /[\\/]node_modules[\\/]autobahn[\\/]/.test(importer ?? '');
    return isAutobahn ? AUTOBAHN[source] : undefined;
  },
};

export default defineConfig({
  root: HERE,
  plugins: [autobahnForBrowsers],
  define: { global: 'globalThis' },
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    outDir: '../dist/playground',
    emptyOutDir: true,
    target: 'es2023',
    // Browsers that know light-dark().
    cssTarget: ['chrome123', 'firefox120', 'safari17.5'],
    modulePreload: false,
    sourcemap: false,
    assetsInlineLimit: 0,
    license: { fileName: 'licences.txt' },
  },
});
