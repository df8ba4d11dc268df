/**
 * Runs the tests with real clients: all of them, or those of the makes that are named (`autobahn`, `wampy`, `stompjs`, `python`).
 * What they need from the operating system is installed first.
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const JEST = ['--no-warnings', '--experimental-vm-modules', 'node_modules/jest/bin/jest.js'];

/** Make → how its tests are told from the others: by their files, or by their names. */
const MAKES = {
  autobahn: ['test/interop', '--testNamePattern', 'AutobahnJS|autobahn (?:from npm|to )|to autobahn'],
  wampy: ['test/interop', '--testNamePattern', 'wampy'],
  stompjs: ['test/interop', '--testNamePattern', 'stomp'],
  python: ['test/interop/(?:python|binary-matrix)'],
};

function run(args) {
  const root = fileURLToPath(new URL('..', import.meta.url));
  const { status } = spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}

const names = process.argv.slice(2);
const unknown = names.filter((name) => !Object.hasOwn(MAKES, name));
if (unknown.length > 0) {
  console.error(`There is no client ${unknown.join(', ')}; there are ${Object.keys(MAKES).join(', ')}.`);
  process.exit(2);
}
run(['scripts/require-system.mjs']);
if (names.length === 0) run([...JEST, 'test/interop', '--testPathIgnorePatterns', 'playground']);
for (const name of names) run([...JEST, ...MAKES[name]]);
