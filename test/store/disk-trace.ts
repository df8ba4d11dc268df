import { readFileSync } from 'node:fs';

/** One call that strace has seen, in the order in which they ended (writes: began). */
export type DiskEvent =
  | { readonly kind: 'write'; readonly at: number; readonly bytes: Buffer; readonly isSyncedItself: boolean }
  | { readonly kind: 'sync' }
  | { readonly kind: 'told'; readonly text: string };

/** The options for strace whose output {@link readTrace} reads. */
export function tracer(log: string): readonly string[] {
  const calls = 'trace=openat,pwrite64,lseek,writev,fdatasync,write';
  return ['strace', '-f', '-qq', '-y', '-xx', '-s', '2000000', '-o', log, '-e', calls];
}

/** Reads what happened to one file, and what was told on standard output. */
export function readTrace(log: string, file: string): readonly DiskEvent[] {
  const name = [...Buffer.from(file)].map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('');
  const lines = readFileSync(log, 'latin1').split('\n');
  /** Descriptors of which each write is synced; those who only read have none. */
  const synced = new Set<string>();
  for (const line of lines) {
    const [, path, flags = '', descriptor = ''] =
      /openat\(.*, "([^"]*)", ([\w|]+).* = (\d+)</.exec(line) ?? [];
    if (path === name && flags.includes('O_DSYNC')) synced.add(descriptor);
  }
  const events: DiskEvent[] = [];
  /** Where the next writev writes. */
  let place = '0';
  for (const line of lines) {
    if (/fdatasync(?:\(|  ?resumed>).* = 0$/.test(line)) events.push({ kind: 'sync' });
    const told = /write\(1<[^>]*>, "([^"]*)"/.exec(line);
    if (told !== null) events.push({ kind: 'told', text: octets(told[1]!).toString().trimEnd() });
    const seek = /lseek\(\d+<([^>]*)>, (\d+), SEEK_SET/.exec(line);
    if (seek?.[1] === name) place = seek[2]!;
    const [, descriptor = '', path, data = '', at = place] =
      /pwrite64\((\d+)<([^>]*)>, (.*), \d+, (\d+)(?:\)| <unfinished)/.exec(line) ??
      /writev\((\d+)<([^>]*)>, (.*), \d+(?:\)| <unfinished)/.exec(line) ??
      [];
    if (path !== name) continue;
    // One run of bytes, or several, one behind the other.
    const bytes = Buffer.concat([...data.matchAll(/"([^"]*)"/g)].map(([, part]) => octets(part!)));
    events.push({ kind: 'write', at: Number(at), bytes, isSyncedItself: synced.has(descriptor) });
  }
  return events;
}

function octets(hex: string): Buffer {
  return Buffer.from(hex.replaceAll('\\x', ''), 'hex');
}
