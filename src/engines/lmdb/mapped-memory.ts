import { readFileSync } from 'node:fs';

/** It is looked after at most so often, in ms. */
const LOOK_EVERY_MS = 100;

/** Size of the pages that the system counts in, in bytes. */
const PAGE = 4096;

/**
 * How much of the file is counted as this process's memory. LMDB reads through a map of the whole file, and the system counts
 * each page that was touched, and its neighbours, until the file is closed: in time all of it. They are only copies of what
 * the system has in its cache anyway, but memory limits do not know that.
 */
export class MappedMemory {
  #base: number | undefined = residentFilePages();
  #lookedAt = 0;

  constructor(private readonly limitBytes: number) {}

  /** Whether more is mapped than wanted, as of a moment ago. */
  get isTooMuch(): boolean {
    const now = performance.now();
    if (this.#base === undefined || now - this.#lookedAt < LOOK_EVERY_MS) return false;
    this.#lookedAt = now;
    const pages = residentFilePages();
    return pages !== undefined && (pages - this.#base) * PAGE > this.limitBytes;
  }

  /** The file was closed and opened again. */
  reset(): void {
    this.#base = residentFilePages();
  }
}

/** Pages of files in this process's memory; undefined where the system does not say. */
function residentFilePages(): number | undefined {
  try {
    const [, , shared] = readFileSync('/proc/self/statm', 'latin1').split(' ');
    return Number(shared);
  } catch {
    return undefined;
  }
}
