import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

/** Thrown where a file is not what LMDB wrote. */
export class PageError extends Error {
  constructor(
    message: string,
    /** Another program wrote it. */
    readonly isForeign = false,
  ) {
    super(message);
    this.name = 'PageError';
  }
}

/** The root of one tree of pages. */
export interface Tree {
  readonly flags: number;
  readonly depth: number;
  readonly branches: number;
  readonly leaves: number;
  readonly overflows: number;
  readonly entries: number;
  /** Its first page; {@link NO_PAGE} if it is empty. */
  readonly root: number;
}

/** What a meta page says. */
export interface Meta {
  readonly pageSize: number;
  readonly free: Tree;
  readonly main: Tree;
  readonly lastPage: number;
  readonly transaction: number;
}

/** No page. */
export const NO_PAGE = -1;

/** Bytes of a page before its own: number 8, transaction 8, padding 2, flags 2, lower 2, upper 2 (or pages 4). */
export const PAGE_HEADER = 24;

/** Kinds of pages: their flags. */
export const PAGE_FLAGS = { branch: 0x01, leaf: 0x02, overflow: 0x04, meta: 0x08 } as const;

const MAGIC = 0xbeefc0de;
const DATA_VERSION = 2;
const META = {
  magic: 24,
  version: 28,
  free: 48,
  main: 96,
  lastPage: 144,
  transaction: 152,
  end: 168,
} as const;
/** Bytes of a {@link Tree} in a file. */
export const TREE_BYTES = 48;

/** So much is read at once, in bytes; pages are read in ascending order, so most reads serve several. */
const WINDOW = 256 * 1024;

/** Reads the pages of an LMDB file, by plain reads: nothing that it says can end the process. */
export class PageFile {
  readonly #file: number;
  readonly size: number;
  #window: Buffer = Buffer.alloc(0);
  #windowAt = 0;
  #spare = Buffer.allocUnsafe(WINDOW);

  constructor(path: string) {
    this.#file = openSync(path, 'r');
    this.size = fstatSync(this.#file).size;
  }

  close(): void {
    closeSync(this.#file);
  }

  /** Bytes of the file; valid until the next call. */
  read(at: number, length: number): Buffer {
    if (at < 0 || at + length > this.size)
      throw new PageError(`it refers to byte ${at + length}, but has only ${this.size} bytes`);
    if (at < this.#windowAt || at + length > this.#windowAt + this.#window.length) this.#slide(at, length);
    const from = at - this.#windowAt;
    return this.#window.subarray(from, from + length);
  }

  #slide(at: number, length: number): void {
    const wanted = Math.min(Math.max(length, WINDOW), this.size - at);
    const into = wanted <= WINDOW ? this.#spare : Buffer.allocUnsafe(wanted);
    const got = readSync(this.#file, into, 0, wanted, at);
    if (got < length) throw new PageError(`byte ${at + length} cannot be read`);
    this.#window = into.subarray(0, got);
    this.#windowAt = at;
  }
}

/** The meta pages of a file, the newer one first. */
export function readMetas(file: PageFile): readonly [Meta, Meta] {
  if (file.size === 0) throw new PageError('it is empty');
  if (file.size < 2 * 512) throw new PageError(`it has only ${file.size} bytes`);
  const first = parseMeta(Buffer.from(file.read(0, META.end)), 0);
  const second = parseMeta(Buffer.from(file.read(first.pageSize, META.end)), 1);
  if (first.pageSize !== second.pageSize) throw new PageError('its meta pages disagree');
  const metas = [first, second] as const;
  for (const [slot, { transaction }] of metas.entries())
    if (transaction > 1 && transaction % 2 !== slot) throw new PageError(`its meta page ${slot} is damaged`);
  if (Math.abs(first.transaction - second.transaction) > 1)
    throw new PageError('its meta pages do not belong together');
  return first.transaction >= second.transaction ? [first, second] : [second, first];
}

/** Whether the file begins as an LMDB file does. */
export function looksLikeLmdb(file: PageFile): boolean {
  return file.size >= META.end && file.read(0, META.end).readUInt32LE(META.magic) === MAGIC;
}

function parseMeta(page: Buffer, slot: number): Meta {
  const wrong = (what: string) => new PageError(`its meta page ${slot} is damaged (${what})`);
  if (number64(page, 0) !== slot) throw wrong('number');
  if ((page.readUInt16LE(18) & PAGE_FLAGS.meta) === 0) throw wrong('flags');
  if (page.readUInt32LE(META.magic) !== MAGIC) throw wrong('magic');
  if ((page.readUInt32LE(META.version) & 0xffff) !== DATA_VERSION) throw wrong('version');
  const pageSize = page.readUInt32LE(META.free);
  if (pageSize < 512 || pageSize > 65_536 || (pageSize & (pageSize - 1)) !== 0) throw wrong('page size');
  return {
    pageSize,
    free: parseTree(page, META.free),
    main: parseTree(page, META.main),
    lastPage: number64(page, META.lastPage),
    transaction: number64(page, META.transaction),
  };
}

/** The root of a tree as it stands in a meta page, or under its name in the main tree. */
export function parseTree(bytes: Buffer, at: number): Tree {
  return {
    flags: bytes.readUInt16LE(at + 4),
    depth: bytes.readUInt16LE(at + 6),
    branches: number64(bytes, at + 8),
    leaves: number64(bytes, at + 16),
    overflows: number64(bytes, at + 24),
    entries: number64(bytes, at + 32),
    root: number64(bytes, at + 40),
  };
}

/** A number of 64 bits; all ones is {@link NO_PAGE}. One that a double cannot hold is a damaged one, and refers to nothing. */
export function number64(bytes: Buffer, at: number): number {
  const high = bytes.readInt32LE(at + 4);
  const low = bytes.readUInt32LE(at);
  return high === -1 && low === 0xffff_ffff ? NO_PAGE : high * 2 ** 32 + low;
}
