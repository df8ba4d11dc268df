import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

function here(name: string): string {
  return fileURLToPath(new URL(name, import.meta.url));
}

/** The script of the page: the real clients and what the test has them do. */
export async function bundlePage(): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents: "import './page.ts';", resolveDir: here('.'), loader: 'ts' },
    bundle: true,
    write: false,
    format: 'iife',
    platform: 'browser',
    target: 'es2022',
    logLevel: 'error',
    define: { global: 'globalThis' },
    inject: [here('node-globals.ts')],
    alias: {
      events: here('events.ts'),
      stream: 'readable-stream',
      util: 'inherits',
      crypto: here('nothing.ts'),
    },
  });
  const [script] = outputFiles;
  if (script === undefined) throw new Error('esbuild wrote nothing');
  return script.text;
}
