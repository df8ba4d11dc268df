import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** Where the two sides run. */
export interface Cores {
  /** Core of the server under test; undefined: not pinned. */
  readonly server: number | undefined;
  /** Core of the load process; undefined: not pinned. */
  readonly load: number | undefined;
  /** In words, for the report. */
  readonly description: string;
}

/** Chooses a core for the server and another for the load, not two threads of one core if that can be helped. */
export function chooseCores(): Cores {
  const unpinned = (why: string): Cores => ({
    server: undefined,
    load: undefined,
    description: `NOT pinned (${why}): server and load may share a core, figures are worth less`,
  });
  if (spawnSync('taskset', ['-V']).status !== 0) return unpinned('no taskset on this system');
  const allowed = allowedCores();
  const [server] = allowed;
  if (server === undefined || allowed.length < 2) return unpinned('only one core is allowed');
  const siblings = listed(read(`/sys/devices/system/cpu/cpu${server}/topology/thread_siblings_list`));
  const apart = allowed.find((core) => core !== server && !siblings.includes(core));
  const load = apart ?? (allowed[1] as number);
  const shared = apart === undefined ? ' (two threads of one physical core)' : '';
  return {
    server,
    load,
    description: `server pinned to core ${server}, load to core ${load}${shared}, by taskset`,
  };
}

function allowedCores(): number[] {
  return listed(/^Cpus_allowed_list:\s*(\S+)/m.exec(read('/proc/self/status'))?.[1] ?? '');
}

/** Reads `0-2,5` as 0, 1, 2, 5. */
function listed(list: string): number[] {
  return list
    .trim()
    .split(',')
    .filter((part) => part !== '')
    .flatMap((part) => {
      const [from = 0, to = from] = part.split('-').map(Number);
      return Array.from({ length: to - from + 1 }, (_, step) => from + step);
    });
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
