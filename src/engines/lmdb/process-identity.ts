import { readFileSync, readlinkSync } from 'node:fs';
import { systemCode } from './errors.js';

/** Who holds a lock: enough to tell a live process from a dead one whose number was given to another. */
export interface ProcessIdentity {
  readonly pid: number;
  /** When the process started, in ticks since the system started; empty where that is not known. */
  readonly started: string;
  /** The start of the system that it runs on; empty where that is not known. */
  readonly boot: string;
  /** The name space that the number belongs to: containers have their own; empty where there are none. */
  readonly space: string;
}

/** This process. */
export function ownIdentity(): ProcessIdentity {
  return { pid: process.pid, started: startOf(process.pid), boot: bootId(), space: pidSpace() };
}

/** Whether the process runs: no if it is another's number by now; undefined if its name space cannot be seen from here. */
export function isRunning(identity: ProcessIdentity): boolean | undefined {
  if (identity.boot !== bootId()) return false;
  if (identity.space !== pidSpace()) return undefined;
  try {
    process.kill(identity.pid, 0);
  } catch (error) {
    // EPERM: it runs, as another user.
    if (systemCode(error) !== 'EPERM') return false;
  }
  return identity.started === startOf(identity.pid);
}

/** The id that the kernel gave itself when it started; empty where there is none. */
export function bootId(): string {
  return textOf('/proc/sys/kernel/random/boot_id').trim();
}

/** The 22nd field; the second one may contain blanks and brackets. */
function startOf(pid: number): string {
  const stat = textOf(`/proc/${pid}/stat`);
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
}

function pidSpace(): string {
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch {
    return '';
  }
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
