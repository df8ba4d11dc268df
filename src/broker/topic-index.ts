import type { MatchPolicy, Pattern } from './address.js';
import { MANY, RESERVED, isPrivate, isReplyAddress, isReserved } from './address.js';

/** Of how many addresses, and of how many matches each, it is remembered what wildcard and multi patterns match them. */
const REMEMBERED_ADDRESSES = 1000;
const REMEMBERED_MATCHES = 100;
/** No longer address is remembered, in characters. */
const LONGEST_REMEMBERED = 1024;
/** When so many addresses are remembered, one of this many new ones takes the place of the oldest. */
const TAKEN_IN = 8;

/**
 * Patterns and what belongs to them, arranged so that a look-up does not depend on the patterns that do not match: a map for
 * exact ones, a radix tree by characters for prefixes, a trie by components for wildcard and multi ones. Emptied nodes are
 * pruned.
 */
export class TopicIndex<T> {
  readonly #exact = new Map<string, T>();
  readonly #prefixes = new PrefixTree<T>();
  readonly #components = new ComponentTrie<T>();
  /** address → what wildcard and multi patterns match it; empty after each change of them */
  readonly #remembered = new Map<string, readonly T[]>();
  #passedOver = 0;

  /** What belongs to this very pattern. */
  get(pattern: Pattern): T | undefined {
    switch (pattern.match) {
      case 'exact':
        return this.#exact.get(pattern.text);
      case 'prefix':
        return this.#prefixes.get(pattern.text);
      default:
        return this.#components.get(pattern.text, pattern.match);
    }
  }

  set(pattern: Pattern, value: T): void {
    if (pattern.match === 'exact') this.#exact.set(pattern.text, value);
    else if (pattern.match === 'prefix') this.#prefixes.set(pattern.text, value);
    else {
      this.#remembered.clear();
      this.#components.set(pattern.text, pattern.match, value);
    }
  }

  delete(pattern: Pattern): void {
    if (pattern.match === 'exact') this.#exact.delete(pattern.text);
    else if (pattern.match === 'prefix') this.#prefixes.delete(pattern.text);
    else {
      this.#remembered.clear();
      this.#components.delete(pattern.text, pattern.match);
    }
  }

  /**
   * Visits everything whose pattern matches the address. Private addresses are matched by exact patterns only, those of the
   * router (`wamp.…`) also by patterns that begin with that word.
   */
  matchAll(address: string, visit: (value: T) => void): void {
    const exact = this.#exact.get(address);
    if (exact !== undefined) visit(exact);
    if (isPrivate(address)) return;
    const literally = isReserved(address) ? 1 : 0;
    if (this.#prefixes.size > 0) this.#prefixes.matchAll(address, visit, literally * RESERVED.length);
    if (this.#components.size > 0) this.#matchComponents(address, visit, literally);
  }

  /**
   * What was found is remembered: 0.2 µs instead of 0.8 beside patterns of applications, the same with a change of them each ten
   * look-ups. And ten thousand patterns can be made that all go along with an address nearly to its end: 400 µs a walk.
   */
  #matchComponents(address: string, visit: (value: T) => void, literally: number): void {
    const remembered = this.#remembered;
    const known = remembered.size === 0 ? undefined : remembered.get(address);
    if (known !== undefined) {
      for (const value of known) visit(value);
      return;
    }
    const found: T[] = [];
    this.#components.matchAll(address, (value) => found.push(value), literally);
    for (const value of found) visit(value);
    if (found.length > REMEMBERED_MATCHES || address.length > LONGEST_REMEMBERED) return;
    if (remembered.size >= REMEMBERED_ADDRESSES) {
      // Of more addresses than are remembered some get in: those that are asked for often, soon.
      this.#passedOver = (this.#passedOver + 1) % TAKEN_IN;
      if (this.#passedOver !== 0) return;
      remembered.delete(remembered.keys().next().value!);
    }
    remembered.set(address, found);
  }

  /**
   * The most specific match [WAMP AP Pattern-based Registrations]: exact, else the longest prefix, else the wildcard with
   * the longest run of literal components from the left, then the longest next run, and so on.
   */
  bestMatch(address: string): T | undefined {
    const exact = this.#exact.get(address);
    if (exact !== undefined || isReplyAddress(address)) return exact;
    return this.#prefixes.longestMatch(address) ?? this.#components.bestMatch(address);
  }

  /** How many patterns there are. */
  get size(): number {
    return this.#exact.size + this.#prefixes.size + this.#components.size;
  }

  /** How many nodes hold the patterns that are not exact; 0 when there are none of them. */
  get nodes(): number {
    return this.#prefixes.nodes + this.#components.nodes;
  }
}

function descendants<N>(root: N, childrenOf: (node: N) => (N | undefined)[]): number {
  let count = -1;
  const open: (N | undefined)[] = [root];
  for (let node = open.pop(); node !== undefined || open.length > 0; node = open.pop()) {
    if (node === undefined) continue;
    count += 1;
    open.push(...childrenOf(node));
  }
  return count;
}

interface PrefixNode<T> {
  /** The characters on the edge that leads here. */
  label: string;
  /** first character of the edge → child */
  readonly children: Map<string, PrefixNode<T>>;
  value: T | undefined;
}

/** A radix tree over characters. */
class PrefixTree<T> {
  readonly #root: PrefixNode<T> = { label: '', children: new Map(), value: undefined };
  size = 0;

  get nodes(): number {
    return descendants(this.#root, (node) => [...node.children.values()]);
  }

  get(text: string): T | undefined {
    let node = this.#root;
    let at = 0;
    while (at < text.length) {
      const child = node.children.get(text[at]!);
      if (child === undefined || !text.startsWith(child.label, at)) return undefined;
      at += child.label.length;
      node = child;
    }
    return node.value;
  }

  set(text: string, value: T): void {
    let node = this.#root;
    let at = 0;
    while (at < text.length) {
      let child = node.children.get(text[at]!);
      if (child === undefined) {
        child = { label: text.slice(at), children: new Map(), value: undefined };
        node.children.set(text[at]!, child);
      } else {
        const shared = sharedLength(child.label, text, at);
        if (shared < child.label.length) child = split(node, child, shared);
      }
      at += child.label.length;
      node = child;
    }
    if (node.value === undefined) this.size += 1;
    node.value = value;
  }

  delete(text: string): void {
    const path: PrefixNode<T>[] = [this.#root];
    let at = 0;
    while (at < text.length) {
      const child = path[path.length - 1]!.children.get(text[at]!);
      if (child === undefined || !text.startsWith(child.label, at)) return;
      at += child.label.length;
      path.push(child);
    }
    const node = path[path.length - 1]!;
    if (node.value === undefined) return;
    node.value = undefined;
    this.size -= 1;
    for (let depth = path.length - 1; depth > 0; depth -= 1) {
      if (!tidy(path[depth - 1]!, path[depth]!)) break;
    }
  }

  /** @param shortest how many characters a prefix has at least that is to match. */
  matchAll(address: string, visit: (value: T) => void, shortest = 0): void {
    let node: PrefixNode<T> | undefined = this.#root;
    let at = 0;
    while (node !== undefined) {
      if (node.value !== undefined && at >= shortest) visit(node.value);
      if (at >= address.length) return;
      const child: PrefixNode<T> | undefined = node.children.get(address[at]!);
      if (child === undefined || !address.startsWith(child.label, at)) return;
      at += child.label.length;
      node = child;
    }
  }

  longestMatch(address: string): T | undefined {
    let longest: T | undefined;
    if (this.size > 0) this.matchAll(address, (value) => (longest = value));
    return longest;
  }
}

function sharedLength(label: string, text: string, at: number): number {
  const most = Math.min(label.length, text.length - at);
  let shared = 0;
  while (shared < most && label[shared] === text[at + shared]) shared += 1;
  return shared;
}

/** Puts a node between a parent and its child, after `length` characters of the child's edge. */
function split<T>(parent: PrefixNode<T>, child: PrefixNode<T>, length: number): PrefixNode<T> {
  const middle: PrefixNode<T> = {
    label: child.label.slice(0, length),
    children: new Map(),
    value: undefined,
  };
  child.label = child.label.slice(length);
  middle.children.set(child.label[0]!, child);
  parent.children.set(middle.label[0]!, middle);
  return middle;
}

/** Removes a node that carries nothing, or joins it with its only child. Tells whether the parent may need the same. */
function tidy<T>(parent: PrefixNode<T>, node: PrefixNode<T>): boolean {
  if (node.value !== undefined || node.children.size > 1) return false;
  const first = node.label[0]!;
  if (node.children.size === 0) {
    parent.children.delete(first);
    return true;
  }
  const only = node.children.values().next().value!;
  only.label = node.label + only.label;
  parent.children.set(first, only);
  return false;
}

interface ComponentNode<T> {
  /** component → child; made for the first of them, because most nodes of hostile patterns have none. */
  literals: Map<string, ComponentNode<T>> | undefined;
  /** The child for exactly one component of any value. */
  one: ComponentNode<T> | undefined;
  /** The child for zero or more components. */
  many: ComponentNode<T> | undefined;
  /** Whether this node is some parent's `many`: it may then take any further component. */
  readonly repeats: boolean;
  value: T | undefined;
  /** The last step of a look-up that reached this node, and the last look-up that visited its value early. */
  reachedAt: number;
  visitedBy: number;
}

/** A trie over dotted components. */
class ComponentTrie<T> {
  readonly #root: ComponentNode<T> = emptyNode(false);
  size = 0;
  /** Numbers the look-ups and their steps, one for each component. */
  #lookup = 0;
  #step = 0;

  get nodes(): number {
    return descendants(this.#root, (node) => [...(node.literals?.values() ?? []), node.one, node.many]);
  }

  get(text: string, match: MatchPolicy): T | undefined {
    let node: ComponentNode<T> | undefined = this.#root;
    for (const component of text.split('.')) {
      node = childOf(node, component, match);
      if (node === undefined) return undefined;
    }
    return node.value;
  }

  set(text: string, match: MatchPolicy, value: T): void {
    let node = this.#root;
    for (const component of text.split('.'))
      node = childOf(node, component, match) ?? addChild(node, component, match);
    if (node.value === undefined) this.size += 1;
    node.value = value;
  }

  delete(text: string, match: MatchPolicy): void {
    const components = text.split('.');
    const path: ComponentNode<T>[] = [this.#root];
    for (const component of components) {
      const child = childOf(path[path.length - 1]!, component, match);
      if (child === undefined) return;
      path.push(child);
    }
    const leaf = path[path.length - 1]!;
    if (leaf.value === undefined) return;
    leaf.value = undefined;
    this.size -= 1;
    for (let depth = path.length - 1; depth > 0 && isEmpty(path[depth]!); depth -= 1) {
      removeChild(path[depth - 1]!, components[depth - 1]!, match);
    }
  }

  /** @param literally how many components, 0 or 1, the pattern has to name as they are. */
  matchAll(address: string, visit: (value: T) => void, literally: number): void {
    this.#lookup += 1;
    let states: ComponentNode<T>[] = [];
    let next: ComponentNode<T>[] = [];
    this.#step += 1;
    const components = address.split('.');
    const begin = literally === 0 ? this.#root : this.#root.literals?.get(components[0]!);
    if (begin === undefined) return;
    this.#enter(begin, states, visit);
    for (let at = literally; at < components.length; at += 1) {
      const component = components[at]!;
      this.#step += 1;
      for (const node of states) {
        const literal = node.literals?.get(component);
        if (literal !== undefined) this.#enter(literal, next, visit);
        if (node.one !== undefined) this.#enter(node.one, next, visit);
        if (node.repeats) this.#enter(node, next, visit);
      }
      if (next.length === 0) return;
      [states, next] = [next, states];
      next.length = 0;
    }
    for (const node of states) if (node.value !== undefined) visit(node.value);
  }

  /**
   * Adds a state and those that need no further component, each once a step, so `#.#.#` costs no more than its length. A
   * `#` that ends its pattern matches whatever follows: it is visited now and is no state.
   */
  #enter(node: ComponentNode<T>, states: ComponentNode<T>[], visit: (value: T) => void): void {
    let at: ComponentNode<T> | undefined = node;
    for (; at !== undefined && at.reachedAt !== this.#step; at = at.many) {
      at.reachedAt = this.#step;
      if (!at.repeats || hasChildren(at)) {
        states.push(at);
      } else if (at.visitedBy !== this.#lookup) {
        at.visitedBy = this.#lookup;
        if (at.value !== undefined) visit(at.value);
      }
    }
  }

  /** Literal components first, from the left. Registrations hold no `#`, so every path has the address's length. */
  bestMatch(address: string): T | undefined {
    return this.size === 0 ? undefined : walk(this.#root, address.split('.'), 0);
  }
}

function emptyNode<T>(repeats: boolean): ComponentNode<T> {
  return {
    literals: undefined,
    one: undefined,
    many: undefined,
    repeats,
    value: undefined,
    reachedAt: 0,
    visitedBy: 0,
  };
}

function walk<T>(node: ComponentNode<T>, components: readonly string[], at: number): T | undefined {
  if (at === components.length) return node.value;
  const literal = node.literals?.get(components[at]!);
  const found = literal === undefined ? undefined : walk(literal, components, at + 1);
  if (found !== undefined || node.one === undefined) return found;
  return walk(node.one, components, at + 1);
}

function childOf<T>(
  node: ComponentNode<T>,
  component: string,
  match: MatchPolicy,
): ComponentNode<T> | undefined {
  if (component === '') return node.one;
  if (component === MANY && match === 'multi') return node.many;
  return node.literals?.get(component);
}

function addChild<T>(node: ComponentNode<T>, component: string, match: MatchPolicy): ComponentNode<T> {
  const repeats = component === MANY && match === 'multi';
  const child = emptyNode<T>(repeats);
  if (component === '') node.one = child;
  else if (repeats) node.many = child;
  else (node.literals ??= new Map()).set(component, child);
  return child;
}

function removeChild<T>(node: ComponentNode<T>, component: string, match: MatchPolicy): void {
  if (component === '') node.one = undefined;
  else if (component === MANY && match === 'multi') node.many = undefined;
  else {
    node.literals?.delete(component);
    if (node.literals?.size === 0) node.literals = undefined;
  }
}

function isEmpty<T>(node: ComponentNode<T>): boolean {
  return node.value === undefined && !hasChildren(node);
}

function hasChildren<T>(node: ComponentNode<T>): boolean {
  return node.literals !== undefined || node.one !== undefined || node.many !== undefined;
}
