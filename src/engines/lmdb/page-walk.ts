import { NO_PAGE, PAGE_FLAGS, PAGE_HEADER, PageError, TREE_BYTES, number64, parseTree } from './page-file.js';
import type { Meta, PageFile, Tree } from './page-file.js';

/** One node of a leaf page: its value is in the page, in pages of its own, or the root of a tree. */
interface LeafNode {
  readonly key: Buffer;
  readonly flags: number;
  readonly size: number;
  /** Where its data stands in the page. */
  readonly at: number;
  readonly end: number;
}

/** A page that is to be visited, and what its parent says of its keys. */
interface Visit {
  readonly page: number;
  /** No key is below this one. */
  readonly low: Buffer | undefined;
  /** All keys are below this one. */
  readonly high: Buffer | undefined;
}

/** What a walk does with each record. */
export type RecordVisitor = (key: Buffer, value: Buffer) => void;

const NODE = { value: 0, inPagesOfItsOwn: 0x01, tree: 0x02 } as const;
const NODE_HEADER = 8;
const MOST_LEVELS = 32;

/** Order of keys in a tree. */
export type KeyOrder = (a: Buffer, b: Buffer) => number;

/** Bytes, as in all of our tables. */
export const byBytes: KeyOrder = (a, b) => a.compare(b);

/** Numbers, as in the list of free pages. */
export const byNumber: KeyOrder = (a, b) => number64(a, 0) - number64(b, 0);

/**
 * Visits trees of pages and compares all that is said twice: numbers of pages, levels, order of keys, bounds of nodes,
 * counters; and that no page is used twice.
 */
export class PageWalk {
  readonly #file: PageFile;
  readonly #meta: Meta;
  /** page → 1 if it is in use */
  readonly #used: Uint8Array;

  constructor(file: PageFile, meta: Meta) {
    this.#file = file;
    this.#meta = meta;
    const { lastPage, pageSize } = meta;
    // The file may end before its last page, if the pages at its end are free; by how much is not said.
    if (lastPage < 1 || lastPage * pageSize > 2 * file.size + 2 ** 30)
      throw new PageError(`it should have ${(lastPage + 1) * pageSize} bytes, and has ${file.size}`);
    this.#used = new Uint8Array(lastPage + 1);
    this.#used[0] = 1;
    this.#used[1] = 1;
  }

  /** Checks the inner levels of a tree, and gives the groups of leaves that the lowest of them name. */
  branches(tree: Tree, order: KeyOrder): readonly (readonly Visit[])[] {
    if (tree.root === NO_PAGE) {
      if (tree.entries !== 0 || tree.depth !== 0)
        throw new PageError('a tree without pages should have records');
      return [];
    }
    if (tree.depth < 1 || tree.depth > MOST_LEVELS) throw new PageError(`a tree has ${tree.depth} levels`);
    let level: Visit[] = [{ page: tree.root, low: undefined, high: undefined }];
    let groups: Visit[][] = [level];
    let pages = 0;
    for (let depth = 1; depth < tree.depth; depth += 1) {
      level.sort((a, b) => a.page - b.page);
      groups = level.map((visit) => this.#branch(visit, order));
      pages += level.length;
      level = groups.flat();
    }
    if (pages !== tree.branches)
      throw new PageError(`a tree has ${pages} branches instead of ${tree.branches}`);
    if (level.length !== tree.leaves)
      throw new PageError(`a tree has ${level.length} leaves instead of ${tree.leaves}`);
    return groups;
  }

  /** Checks leaves and visits their records. Answers how many records and pages of large values there are. */
  leaves(
    visits: readonly Visit[],
    order: KeyOrder,
    visitor: RecordVisitor,
  ): { readonly records: number; readonly overflows: number } {
    let records = 0;
    let overflows = 0;
    for (const visit of [...visits].sort((a, b) => a.page - b.page)) {
      const page = Buffer.from(this.#page(visit.page, PAGE_FLAGS.leaf));
      let last = visit.low;
      for (const node of this.#leafNodes(page, visit.page)) {
        // The first key may be its parent's.
        const step = last === undefined ? -1 : order(last, node.key);
        if (step > 0 || (step === 0 && last !== visit.low))
          throw new PageError(`page ${visit.page} is out of order`);
        last = node.key;
        records += 1;
        overflows += this.#visitNode(page, node, visit.page, visitor);
      }
      if (visit.high !== undefined && last !== undefined && order(last, visit.high) >= 0)
        throw new PageError(`page ${visit.page} is out of order`);
    }
    return { records, overflows };
  }

  /** Checks all of a tree. */
  whole(tree: Tree, order: KeyOrder, visitor: RecordVisitor): void {
    let records = 0;
    let overflows = 0;
    for (const group of this.branches(tree, order)) {
      const seen = this.leaves(group, order, visitor);
      records += seen.records;
      overflows += seen.overflows;
    }
    compareCounters(tree, records, overflows);
  }

  /** Notes that a page is free: nothing may use it. */
  free(page: number): void {
    this.#use(page, 'free');
  }

  #branch(visit: Visit, order: KeyOrder): Visit[] {
    const page = Buffer.from(this.#page(visit.page, PAGE_FLAGS.branch));
    const children: { readonly page: number; readonly key: Buffer }[] = [];
    for (const { at } of nodesOf(page, visit.page)) {
      const keySize = page.readUInt16LE(at + 6);
      const end = at + NODE_HEADER + keySize;
      if (end > page.length) throw new PageError(`page ${visit.page} has a key beyond its end`);
      const child = page.readUInt32LE(at) + page.readUInt16LE(at + 4) * 2 ** 32;
      children.push({ page: child, key: page.subarray(at + NODE_HEADER, end) });
    }
    return children.map((child, index) => {
      // The first key is not kept: it is whatever is least.
      const low = index === 0 ? visit.low : child.key;
      const high = children[index + 1]?.key ?? visit.high;
      if (low !== undefined && high !== undefined && order(low, high) >= 0)
        throw new PageError(`page ${visit.page} is out of order`);
      return { page: child.page, low, high };
    });
  }

  *#leafNodes(page: Buffer, number: number): Iterable<LeafNode> {
    for (const { at } of nodesOf(page, number)) {
      const size = page.readUInt32LE(at);
      const flags = page.readUInt16LE(at + 4);
      const keyEnd = at + NODE_HEADER + page.readUInt16LE(at + 6);
      const inPage = flags === NODE.inPagesOfItsOwn ? 24 : size;
      if (flags > NODE.tree || keyEnd + inPage > page.length || keyEnd === at + NODE_HEADER)
        throw new PageError(`page ${number} has a broken record`);
      yield { key: page.subarray(at + NODE_HEADER, keyEnd), flags, size, at: keyEnd, end: keyEnd + inPage };
    }
  }

  /** How many pages the value has of its own. */
  #visitNode(page: Buffer, node: LeafNode, number: number, visitor: RecordVisitor): number {
    if (node.flags !== NODE.inPagesOfItsOwn) {
      if (node.flags === NODE.tree && node.size !== TREE_BYTES)
        throw new PageError(`page ${number} has a broken tree`);
      visitor(node.key, page.subarray(node.at, node.end));
      return 0;
    }
    const first = number64(page, node.at);
    const pages = number64(page, node.at + 16);
    const { pageSize, transaction } = this.#meta;
    if (pages < 1 || node.size > pages * pageSize - PAGE_HEADER)
      throw new PageError(`page ${number} has a broken reference`);
    for (let at = 0; at < pages; at += 1) this.#use(first + at, 'a value');
    const value = this.#file.read(first * pageSize, PAGE_HEADER + node.size);
    if (
      number64(value, 0) !== first ||
      (value.readUInt16LE(18) & 0xff) !== PAGE_FLAGS.overflow ||
      value.readUInt32LE(20) !== pages ||
      number64(value, 8) > transaction
    )
      throw new PageError(`page ${first} is not what page ${number} refers to`);
    visitor(node.key, value.subarray(PAGE_HEADER));
    return pages;
  }

  #page(number: number, kind: number): Buffer {
    const { pageSize, transaction } = this.#meta;
    this.#use(number, 'a tree');
    const page = this.#file.read(number * pageSize, pageSize);
    if (number64(page, 0) !== number)
      throw new PageError(`page ${number} bears the number ${number64(page, 0)}`);
    if ((page.readUInt16LE(18) & 0xff) !== kind) throw new PageError(`page ${number} is of another kind`);
    if (number64(page, 8) > transaction) throw new PageError(`page ${number} is newer than the file`);
    return page;
  }

  #use(page: number, by: string): void {
    if (!Number.isSafeInteger(page) || page < 2 || page > this.#meta.lastPage)
      throw new PageError(`it refers to page ${page}, which is not there`);
    if (this.#used[page] === 1) throw new PageError(`page ${page} is used twice, once by ${by}`);
    this.#used[page] = 1;
  }
}

/** Compares what a tree says of itself with what was found. */
export function compareCounters(tree: Tree, records: number, overflows: number): void {
  if (tree.entries !== records)
    throw new PageError(`a tree has ${records} records instead of ${tree.entries}`);
  if (tree.overflows !== overflows)
    throw new PageError(`a tree has ${overflows} pages of large values instead of ${tree.overflows}`);
}

/** The roots of the tables that the main tree names. */
export function tablesOf(walk: PageWalk, main: Tree): ReadonlyMap<string, Tree> {
  const tables = new Map<string, Tree>();
  walk.whole(main, byBytes, (key, value) => {
    if (value.length !== TREE_BYTES)
      throw new PageError('it is an LMDB file, but not a store of Mangrove', true);
    tables.set(key.toString('latin1').replace(/\0$/, ''), parseTree(value, 0));
  });
  return tables;
}

/** Notes the pages that a record of the list of free pages names: numbers, and pairs of a negative count and a number. */
export function noteFree(walk: PageWalk, ids: Buffer): void {
  const count = number64(ids, 0);
  if (count < 0 || 8 * (count + 1) > ids.length) throw new PageError('its list of free pages is broken');
  for (let at = 1; at <= count; at += 1) {
    const id = number64(ids, 8 * at);
    // -1 reads as no page: a run of one.
    const isRun = ids.readInt32LE(8 * at + 4) < 0;
    if (id === 0) continue;
    if (!isRun) {
      walk.free(id);
      continue;
    }
    at += 1;
    if (at > count) throw new PageError('its list of free pages is broken');
    const start = number64(ids, 8 * at);
    for (let page = 0; page < -id; page += 1) walk.free(start + page);
  }
}

function* nodesOf(page: Buffer, number: number): Iterable<{ readonly at: number }> {
  const lower = page.readUInt16LE(20);
  const upper = page.readUInt16LE(22);
  const room = page.length - PAGE_HEADER;
  if (lower % 2 !== 0 || lower === 0 || lower > upper || upper > room)
    throw new PageError(`page ${number} is broken`);
  for (let slot = 0; slot < lower; slot += 2) {
    const offset = page.readUInt16LE(PAGE_HEADER + slot);
    if (offset < upper || offset + NODE_HEADER > room)
      throw new PageError(`page ${number} has a broken node`);
    yield { at: PAGE_HEADER + offset };
  }
}
