/**
 * Looks for what the tests need from the operating system. What is missing is installed when we may (root on a system with
 * apt-get), and said; otherwise the command is printed and the exit code is 1. No test is skipped for want of it.
 */
import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';

const NEEDED = [
  { file: '/usr/bin/chromium', package: 'chromium', why: 'the browser tests' },
  { file: '/usr/bin/strace', package: 'strace', why: 'the tests of the store on disk' },
  { file: '/usr/bin/stomp', package: 'python3-stomp', why: 'the tests with a STOMP client in Python' },
  { file: ofPython('autobahn'), package: 'python3-autobahn', why: 'the tests with a WAMP client in Python' },
  { file: ofPython('cbor2'), package: 'python3-cbor2', why: 'the tests with a WAMP client in Python' },
  { file: ofPython('argon2'), package: 'python3-argon2', why: 'the tests of logins from Python' },
];

/** What a module of Debian's Python comes with. */
function ofPython(module) {
  return `/usr/lib/python3/dist-packages/${module}/__init__.py`;
}

function isThere(file) {
  try {
    accessSync(file, constants.R_OK);
    return true;
  } catch {
    return false;
  }
}

function run(command, args) {
  console.log(`$ ${command} ${args.join(' ')}`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  return spawnSync(command, args, { env, stdio: 'inherit' }).status === 0;
}

const missing = NEEDED.filter(({ file }) => !isThere(file));
if (missing.length > 0) {
  for (const { file, package: name, why } of missing) {
    console.log(`${file} (Debian package ${name}) is missing; ${why} need it.`);
  }
  const install = ['install', '-y', '--no-install-recommends', ...missing.map(({ package: name }) => name)];
  const isRoot = process.getuid?.() === 0;
  if (!isRoot || !isThere('/usr/bin/apt-get')) {
    console.error(`Install it, then run again:\n  sudo apt-get update && sudo apt-get ${install.join(' ')}`);
    process.exit(1);
  }
  console.log('Installing it, because this is root.');
  if (
    !run('apt-get', ['update']) ||
    !run('apt-get', install) ||
    !missing.every(({ file }) => isThere(file))
  ) {
    console.error('The installation failed; see above.');
    process.exit(1);
  }
}
