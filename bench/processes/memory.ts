import { readFileSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Memory } from './protocol.js';

/** Resident memory of a process; nothing if it has ended. */
export function memoryOf(pid: string): Memory {
  const status = readText(`/proc/${pid}/status`);
  return {
    residentBytes: kibibytes(status, 'VmRSS') * 1024,
    anonymousBytes: kibibytes(status, 'RssAnon') * 1024,
  };
}

/** Resident memory of this process without what it has no use for any more. */
export async function ownMemory(): Promise<Memory> {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  // What ends in one collection may let go of more in the next.
  for (let n = 0; n < 3; n++) {
    collect();
    await new Promise((go) => setTimeout(go, 50));
  }
  return memoryOf('self');
}

/** The text of a file; empty if it is not there. */
export function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function kibibytes(status: string, name: string): number {
  return Number(new RegExp(`^${name}:\\s*(\\d+) kB`, 'm').exec(status)?.[1] ?? 0);
}
