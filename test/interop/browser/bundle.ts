import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import type { Plugin } from 'esbuild';
import { build, stop } from 'esbuild';

function here(name: string): string {
  return fileURLToPath(new URL(name, import.meta.url));
}

/** Modules of Node that the serializers of AutobahnJS name → what stands in for them in the page. */
const STAND_INS: Readonly<Record<string, string>> = {
  assert: 'module.exports = (ok, message) => { if (!ok) throw new Error(message); };',
  util: 'exports.inherits = (child, parent) => Object.setPrototypeOf(child.prototype, parent.prototype);',
  crypto: '',
  fs: '',
};

const standIns: Plugin = {
  name: 'stand-ins',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^(?:assert|util|crypto|fs)$/ }, ({ path }) => ({ path, namespace: 'stand-in' }));
    // Its own modules ask for each other in a way that esbuild does not see; AutobahnJS has no progress without it.
    onResolve({ filter: /^when$/ }, () => ({
      path: createRequire(import.meta.url).resolve('when/dist/browser/when.js'),
    }));
    onLoad({ filter: /./, namespace: 'stand-in' }, ({ path }) => ({ contents: STAND_INS[path] ?? '' }));
  },
};

/** The script of the page: the real clients and what the test has them do. */
export async function bundlePage(): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents: "import './page.ts';", resolveDir: here('.'), loader: 'ts' },
    bundle: true,
    write: false,
    // wampy's way to sign awaits something before it is there, which only modules can.
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    logLevel: 'error',
    define: { global: 'globalThis' },
    inject: [here('node-globals.ts')],
    alias: { events: here('events.ts'), stream: 'readable-stream' },
    plugins: [standIns],
  });
  await stop();
  const [script] = outputFiles;
  if (script === undefined) throw new Error('esbuild wrote nothing');
  return script.text;
}
