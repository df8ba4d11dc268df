import type { BrokerLimits, RealmObserver } from '../../../broker/index.js';
import { matcherOf } from '../../../broker/index.js';
import { serializers } from '../../../serializers/index.js';

/** What can be described. */
export const KINDS = ['topic', 'procedure', 'error'] as const;

/** One of {@link KINDS}. */
export type Kind = (typeof KINDS)[number];

/** What somebody says of a URI, as values; `size` in bytes. */
export interface Definition {
  readonly kind: Kind;
  readonly uri: string;
  readonly about: Readonly<Record<string, unknown>>;
  readonly size: number;
}

/** What became of a definition; undefined if there is no room for it. */
export type Defined = 'new' | 'changed' | 'unchanged' | undefined;

/** Is told what holds now. */
export interface DefinitionsListener {
  /** `isNew` if nothing was said of the URI before. */
  defined(definition: Definition, isNew: boolean): void;
  undefined(definition: Definition): void;
}

/** What one session has said. */
interface Author {
  /** key → its definition */
  readonly own: Map<string, Definition>;
  bytes: number;
}

/** What is said of one URI; a fleet of clients may say the same. */
class Said {
  /** session → what it says, the last one last */
  readonly #bySession = new Map<number, Definition>();
  #last: Definition | undefined;

  /** What was said last. */
  get last(): Definition | undefined {
    return this.#last;
  }

  set(session: number, definition: Definition): void {
    this.#bySession.delete(session);
    this.#bySession.set(session, definition);
    this.#last = definition;
  }

  delete(session: number): void {
    const taken = this.#bySession.get(session);
    this.#bySession.delete(session);
    if (taken !== this.#last) return;
    this.#last = undefined;
    for (const definition of this.#bySession.values()) this.#last = definition;
  }
}

/** What is said of the URIs of a realm, by sessions, and no longer than they last. What was said last holds. */
export class Definitions {
  /** key → what is said of it */
  readonly #all = new Map<string, Said>();
  /** session → what it has said */
  readonly #authors = new Map<number, Author>();

  constructor(
    private readonly limits: Pick<BrokerLimits, 'definitions' | 'definitionBytes'>,
    private readonly listener: DefinitionsListener,
  ) {}

  /** How many hold. */
  get size(): number {
    return this.#all.size;
  }

  get(kind: Kind, uri: string): Definition | undefined {
    return this.#all.get(keyOf(kind, uri))?.last;
  }

  /** All that hold. */
  *all(): Generator<Definition> {
    for (const { last } of this.#all.values()) if (last !== undefined) yield last;
  }

  /** A session says something, in place of what it may have said of this before. */
  define(session: number, definition: Definition): Defined {
    const key = keyOf(definition.kind, definition.uri);
    const author: Author = this.#authors.get(session) ?? { own: new Map(), bytes: 0 };
    const former = author.own.get(key);
    const bytes = author.bytes + definition.size - (former?.size ?? 0);
    const { definitions, definitionBytes } = this.limits;
    const isOneMore = former === undefined;
    if (bytes > definitionBytes || (isOneMore && author.own.size >= definitions)) return undefined;
    const said = this.#all.get(key) ?? new Said();
    const holding = said.last;
    this.#authors.set(session, author);
    this.#all.set(key, said);
    author.own.set(key, definition);
    author.bytes = bytes;
    said.set(session, definition);
    if (holding !== undefined && isSame(holding, definition)) return 'unchanged';
    this.listener.defined(definition, holding === undefined);
    return holding === undefined ? 'new' : 'changed';
  }

  /** A session takes back what it has said of a URI; of all kinds, if none is named. Tells whether there was anything. */
  takeBack(session: number, uri: string, kinds: readonly Kind[] = KINDS): boolean {
    const found = kinds.filter((kind) => this.#takeBack(session, keyOf(kind, uri)));
    return found.length > 0;
  }

  /** A session is over. */
  forget(session: number): void {
    for (const key of this.#authors.get(session)?.own.keys() ?? []) this.#takeBack(session, key);
  }

  /** What a session has said of procedures. */
  proceduresOf(session: number): readonly string[] {
    const own = this.#authors.get(session)?.own.values() ?? [];
    return [...own].filter(({ kind }) => kind === 'procedure').map(({ uri }) => uri);
  }

  #takeBack(session: number, key: string): boolean {
    const author = this.#authors.get(session);
    const taken = author?.own.get(key);
    const said = this.#all.get(key);
    if (author === undefined || taken === undefined || said === undefined) return false;
    const held = said.last;
    author.own.delete(key);
    author.bytes -= taken.size;
    if (author.own.size === 0) this.#authors.delete(session);
    said.delete(session);
    const holds = said.last;
    if (holds === undefined) {
      this.#all.delete(key);
      this.listener.undefined(taken);
    } else if (held === taken && !isSame(holds, taken)) this.listener.defined(holds, false);
    return true;
  }
}

/** Ends what a session has said of procedures that it does not offer any more. */
export function watchProcedures(
  definitions: Definitions,
  offers: (session: number, uri: string) => boolean,
): Pick<RealmObserver, 'unregistered'> {
  return {
    unregistered(by, { pattern }) {
      const isExact = pattern.match === 'exact';
      const uris = isExact ? [pattern.text] : definitions.proceduresOf(by).filter(matcherOf(pattern));
      for (const uri of uris) if (!offers(by, uri)) definitions.takeBack(by, uri, ['procedure']);
    },
  };
}

function keyOf(kind: Kind, uri: string): string {
  return `${kind} ${uri}`;
}

function isSame(one: Definition, other: Definition): boolean {
  return one.size === other.size && written(one).equals(written(other));
}

/** The values as JSON of ours, which has words for all of them: those of clients may be long integers, or bytes. */
function written({ about }: Definition): Buffer {
  return Buffer.from(serializers.json.encode(about));
}
