/**
 * Compiles the examples and runs one: `npm run examples -- nest-minimal`. With `--compile` it only compiles; with
 * `--compiled` it runs what was compiled before. The environment is passed on (`PORT`, `PLATFORM`).
 */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const examples = readdirSync(`${root}examples`, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map((entry) => entry.name)
  .sort();

const [first = '', second] = process.argv.slice(2);
const name = first.startsWith('--') ? second : first;

if (first !== '--compile' && !examples.includes(name ?? '')) {
  console.error(`Which one? npm run examples -- ${examples.join(' | ')}`);
  process.exit(2);
}
if (!existsSync(`${root}dist/router/index.js`)) {
  console.error('The examples use the package as it is shipped: run "npm run build" first.');
  process.exit(1);
}
if (first !== '--compiled') {
  const compiler = createRequire(import.meta.url).resolve('typescript/bin/tsc');
  const compiled = spawnSync(process.execPath, [compiler, '-p', `${root}examples/tsconfig.json`], {
    stdio: 'inherit',
  });
  if (compiled.status !== 0) process.exit(1);
}
if (first !== '--compile') {
  const main = `${root}build/examples/${name}/main.js`;
  const child = spawn(process.execPath, ['--enable-source-maps', main], { stdio: 'inherit' });
  // A signal from the terminal reaches the child by itself; one from elsewhere is passed on.
  process.on('SIGINT', () => {});
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  child.on('exit', (code, signal) => process.exit(code ?? (signal === null ? 1 : 128)));
}
