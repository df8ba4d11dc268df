import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, rmSync, writeFileSync } from 'node:fs';

/** What Debian's package brings. Not the wrapper in `/usr/sbin`, which changes the user and forgets the environment. */
export const RABBITMQ_SERVER = '/usr/lib/rabbitmq/bin/rabbitmq-server';

const POLICY = '/usr/sbin/policy-rc.d';

/**
 * Sees to it that RabbitMQ is there: installs Debian's package where we may (root on a system with apt-get), and says so. No
 * service is started by that, neither now nor with the system.
 *
 * @throws Error that says why it is not there.
 */
export function requireRabbitMq(): void {
  if (isThere(RABBITMQ_SERVER)) return;
  if (!isThere('/usr/bin/apt-get')) throw new Error('it is not installed, and this system has no apt-get');
  if (process.getuid?.() !== 0) {
    throw new Error('it is not installed; as root: apt-get install --no-install-recommends rabbitmq-server');
  }
  process.stderr.write("installing Debian's rabbitmq-server, because this is root\n");
  // Asked by Debian's packages before they start a service.
  const ours = !existsSync(POLICY);
  if (ours) writeFileSync(POLICY, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    run('apt-get', ['update']);
    run('apt-get', ['install', '-y', '--no-install-recommends', 'rabbitmq-server']);
  } finally {
    if (ours) rmSync(POLICY);
  }
  if (isThere('/usr/bin/systemctl')) spawnSync('systemctl', ['disable', 'rabbitmq-server', 'epmd.socket']);
  if (!isThere(RABBITMQ_SERVER))
    throw new Error(`its package was installed, and ${RABBITMQ_SERVER} is not there`);
}

function run(command: string, args: readonly string[]): void {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const { status, stderr, error } = spawnSync(command, args, { env, encoding: 'utf8' });
  if (status === 0) return;
  const why = error?.message ?? stderr.trim().split('\n').at(-1) ?? '';
  throw new Error(`it could not be installed: ${command} ${args.join(' ')}: ${why}`);
}

function isThere(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
