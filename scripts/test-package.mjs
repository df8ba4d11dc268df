/**
 * Packs the package and uses it as others would: in a Nest application, in an ES module project and a CommonJS project
 * without Nest, and as a command. Needs what `npm run build` makes. Packages come from npm's cache or the registry.
 */
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { faultsOf, listOf } from './package/tarball.mjs';
import { stompToWamp } from './support/exchange.mjs';
import { mustRun, run, start } from './support/running.mjs';
import { steps } from './support/steps.mjs';

const ROOT = fileURLToPath(new URL('../', import.meta.url));
const CONSUMERS = fileURLToPath(new URL('package/consumers/', import.meta.url));
const TSC = join(ROOT, 'node_modules/typescript/bin/tsc');

/** How long npm, the compiler and a program may take, in ms. */
const NPM_MS = 180_000;
const COMPILE_MS = 60_000;
const PROGRAM_MS = 15_000;

/** Files that nothing in package.json names. */
const NEEDED = [
  'README.md',
  'LICENSE',
  'CHANGELOG.md',
  'docs/configuration.md',
  'dist/playground/index.html',
];

const folder = mkdtempSync(join(tmpdir(), 'mangrove-package-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));

const step = steps();
const tarball = await pack();
const [nest, esm, cjs] = await Promise.all([
  // As `npm install mangrove` does it in an application that has Nest.
  consumer('nest', []),
  // Without what the library does not need.
  consumer('esm', ['--omit=peer']),
  // As `npm install mangrove` and `npx mangrove` do it: with the peers.
  consumer('cjs', []),
]);
step.done('it installs in a Nest application, an ES module project (without peers) and a CommonJS project');

expectCores(nest, 1);
expectCores(esm, 0);
expectCores(cjs, 1);
step.done('one @nestjs/core in the Nest application; none in the library project without peers');

await Promise.all(
  [nest, esm, cjs].map((project) =>
    mustRun(process.execPath, [TSC, '-p', project], { cwd: project, withinMs: COMPILE_MS }),
  ),
);
step.done('all three type-check (nodenext, strict, declarations of packages included)');

for (const project of [nest, esm, cjs]) await serves(project, [process.execPath, 'built/main.js']);
step.done('all three serve: a STOMP message reaches a WAMP client');

await mustRun(process.execPath, ['--test', 'built/contract.js'], { cwd: esm, withinMs: COMPILE_MS });
step.done('mangrove/testing runs under node:test');

await serves(cjs, ['node_modules/.bin/mangrove', 'serve']);
await refusesWithoutNest(esm);
step.done('"mangrove serve" serves; without its peers it says what to install');
step.end('The package is as it should be; checked');
process.exit(0);

/** @returns {Promise<string>} the path of the tarball. */
async function pack() {
  const args = ['pack', '--json', '--loglevel=error', '--pack-destination', folder];
  const output = await mustRun('npm', args, { cwd: ROOT, withinMs: NPM_MS });
  const told = JSON.parse(output.slice(output.search(/^[[{]/m)));
  const [{ filename, files, size, unpackedSize }] = Array.isArray(told) ? told : Object.values(told);
  const unpacked = join(folder, 'unpacked');
  mkdirSync(unpacked);
  const packed = join(folder, filename);
  await mustRun('tar', ['-xzf', packed, '-C', unpacked, '--strip-components=1'], { withinMs: PROGRAM_MS });
  for (const line of listOf(files)) console.log(line);
  console.log(`${filename}: ${files.length} files, ${size} bytes packed, ${unpackedSize} bytes unpacked`);
  const paths = files.map(({ path }) => path);
  const faults = [
    ...NEEDED.filter((file) => !paths.includes(file)).map(
      (file) => `${file} is missing: run "npm run build"`,
    ),
    ...faultsOf(unpacked, paths, size),
  ];
  if (faults.length > 0) throw new Error(`the tarball is wrong:\n${faults.join('\n')}`);
  step.done('the tarball holds what it should, and every source map leads somewhere');
  return packed;
}

/** Makes a project that uses the tarball; resolves to its folder. */
async function consumer(name, options) {
  const project = join(folder, name);
  cpSync(join(CONSUMERS, name), project, { recursive: true });
  const quiet = ['--no-audit', '--no-fund', '--no-package-lock', '--loglevel=error', '--prefer-offline'];
  const wanted = [tarball, '@types/node@20'];
  const args = ['install', '--ignore-scripts', ...quiet, ...options, ...wanted];
  await mustRun('npm', args, { cwd: project, withinMs: NPM_MS });
  return project;
}

function expectCores(project, expected) {
  const modules = join(project, 'node_modules');
  const cores = readdirSync(modules, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.name === 'package.json' && entry.isFile())
    .map((entry) => relative(modules, entry.parentPath))
    .filter((path) => /(?:^|node_modules\/)@nestjs\/core$/.test(path));
  if (cores.length !== expected) {
    throw new Error(`${project} has ${cores.length} @nestjs/core, expected ${expected}: ${cores.join(', ')}`);
  }
}

/** The program says where it listens, carries a message, and ends well. */
async function serves(project, [command, ...args]) {
  const env = { PATH: `${dirname(process.execPath)}:${process.env.PATH}`, PORT: '0' };
  const program = start(command, args, { cwd: project, env });
  const [url] = await program.written(/ws:\/\/127\.0\.0\.1:\d+\/ws/, PROGRAM_MS);
  await stompToWamp(url);
  program.signal('SIGTERM');
  const late = setTimeout(program.kill, PROGRAM_MS);
  const code = await program.exited;
  clearTimeout(late);
  // Nest ends itself by the signal that it got, after its hooks.
  if (code !== 0 && code !== null) throw new Error(`ended with ${code}:\n${program.output()}`);
}

async function refusesWithoutNest(project) {
  const command = join(project, 'node_modules/.bin/mangrove');
  const { code, output } = await run(command, ['serve'], { cwd: project, withinMs: PROGRAM_MS });
  if (
    code !== 1 ||
    !/^mangrove: the package @nestjs\/\S+ is not installed; .*npm install .*\n$/.test(output)
  ) {
    throw new Error(`without its peers "mangrove serve" ended with ${code}:\n${output}`);
  }
}
