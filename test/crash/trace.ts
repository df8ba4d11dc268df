/** What the text of a message has in it for the trace to be read: `mark-7-end`. */
export function markOf(n: number): string {
  return `mark-${n}-end`;
}

/** The receipt that is asked for with it: `order-7`. */
export function receiptOf(n: number): string {
  return `order-${n}`;
}

/** What a trace proves. */
export interface OrderReport {
  /** RECEIPT frames that were written to a socket. */
  readonly receipts: number;
  /** Syncs of the store. */
  readonly syncs: number;
  /** Receipts that were covered by a sync when they left. */
  readonly proved: number;
  /** The others, in words. */
  readonly violations: readonly string[];
}

/** A system call that began and has not returned. */
interface Pending {
  readonly text: string;
  readonly begin: number;
}

/** How far a message is on its way to the disk. */
type Stage =
  /** Written to the file. */
  | { readonly kind: 'written'; readonly at: number }
  /** And the root of the file's tree, which says that it is there. */
  | { readonly kind: 'reachable'; readonly at: number }
  /** A sync that began after it was written has returned. */
  | { readonly kind: 'synced'; readonly at: number }
  /** Nothing that happens to the power can take it away. */
  | { readonly kind: 'safe' };

const CALL = /^(\d+) +(?:<\.\.\. (\w+) resumed>|(\w+)\()(.*)$/s;
const MARK = /mark-(\d+)-end/g;
const RECEIPT = /RECEIPT\\n[^"]*?receipt-id:order-(\d+)\\n/g;
/** Bytes that the roots of an LMDB file stand in: two pages of at most so many bytes. */
const ROOTS_END = 2 * 4096;

/**
 * Reads the lines of `strace -f -y` in their order and follows each message from the write to the store's file to the write of
 * its RECEIPT. strace stops a thread where a call begins and where it returns, so the order of the lines is the order of the
 * calls, over all threads.
 *
 * A message is safe when a sync that began after the return of its write has returned, and the root of the tree, too, is on
 * the disk: written before that sync began, or after it through a descriptor with `O_DSYNC`.
 */
export class OrderCheck {
  readonly #violations: string[] = [];
  #receipts = 0;
  #syncs = 0;
  #proved = 0;
  /** Number of the line. */
  #now = 0;
  /** thread → the call that it is in */
  readonly #pending = new Map<string, Pending>();
  /** message → how far it is; safe ones are in `#safe` instead */
  readonly #stages = new Map<number, Stage>();
  readonly #safe = new Set<number>();
  /** Descriptors of the store's file that were opened with `O_DSYNC`. */
  readonly #synchronous = new Set<string>();

  /** @param store the folder of the store. */
  constructor(private readonly store: string) {}

  /** Takes the next line. */
  line(line: string): void {
    this.#now += 1;
    const [, thread = '', resumed, name = resumed ?? '', rest = ''] = CALL.exec(line) ?? [];
    if (name === '') return;
    if (rest.endsWith('<unfinished ...>')) {
      this.#pending.set(thread, { text: rest, begin: this.#now });
      return this.#begins(name, rest);
    }
    const pending = this.#pending.get(thread);
    this.#pending.delete(thread);
    const whole = resumed === undefined ? rest : (pending?.text ?? '') + rest;
    if (resumed === undefined) this.#begins(name, whole);
    this.#returns(name, whole, resumed === undefined ? this.#now : (pending?.begin ?? this.#now));
  }

  /** What has been proved by now. */
  report(): OrderReport {
    return {
      receipts: this.#receipts,
      syncs: this.#syncs,
      proved: this.#proved,
      violations: this.#violations,
    };
  }

  #begins(name: string, text: string): void {
    if (!/^(?:write|writev|sendto|sendmsg)$/.test(name) || !/^\d+<(?:socket|TCP)/.test(text)) return;
    for (const [, number] of text.matchAll(RECEIPT)) {
      const n = Number(number);
      this.#receipts += 1;
      if (this.#safe.has(n)) this.#proved += 1;
      else this.#violations.push(this.#accuse(n));
    }
  }

  #accuse(n: number): string {
    const stage = this.#stages.get(n)?.kind;
    const how = {
      written: 'it had been written, and neither the root nor a sync was there',
      reachable: 'it had been written with its root, and no sync had returned',
      synced: 'it had been synced, and its root had not',
      safe: '',
      none: 'nothing of it had been written to the store',
    } as const satisfies Record<Stage['kind'] | 'none', string>;
    return `RECEIPT ${receiptOf(n)} left in line ${this.#now}: ${how[stage ?? 'none']}`;
  }

  #returns(name: string, text: string, begin: number): void {
    if (/= -1 [A-Z]+/.test(text.slice(-80))) return;
    if (name === 'openat') this.#opened(text);
    else if (!text.includes(`<${this.store}/`)) return;
    else if (/^(?:fdatasync|fsync|msync)$/.test(name)) this.#synced(begin);
    else if (/^p?write/.test(name)) this.#written(text, begin);
  }

  #opened(text: string): void {
    const [, descriptor] = /= (\d+<[^>]*data\.mdb>)$/.exec(text) ?? [];
    if (descriptor === undefined) return;
    if (text.includes('O_DSYNC')) this.#synchronous.add(descriptor);
    else this.#synchronous.delete(descriptor);
  }

  #written(text: string, begin: number): void {
    for (const [, number] of text.matchAll(MARK)) {
      const n = Number(number);
      if (!this.#safe.has(n) && !this.#stages.has(n)) this.#stages.set(n, { kind: 'written', at: this.#now });
    }
    const [, offset] = /, (\d+)(?:\)| <unfinished \.\.\.>\)) += \d+$/.exec(text) ?? [];
    if (offset === undefined || Number(offset) >= ROOTS_END) return;
    const [descriptor = ''] = /^\d+<[^>]*>/.exec(text) ?? [];
    const lasting = this.#synchronous.has(descriptor);
    for (const [n, stage] of this.#stages) {
      if (stage.kind === 'safe' || stage.at >= begin) continue;
      if (stage.kind === 'synced' && lasting) this.#isSafe(n);
      else if (stage.kind === 'written' && !lasting)
        this.#stages.set(n, { kind: 'reachable', at: this.#now });
    }
  }

  #synced(begin: number): void {
    this.#syncs += 1;
    for (const [n, stage] of this.#stages) {
      if (stage.kind === 'safe' || stage.at >= begin) continue;
      if (stage.kind === 'reachable') this.#isSafe(n);
      else if (stage.kind === 'written') this.#stages.set(n, { kind: 'synced', at: this.#now });
    }
  }

  #isSafe(n: number): void {
    this.#stages.delete(n);
    this.#safe.add(n);
  }
}
