import type { Attachment, Broker, RouterAnswer, RouterCall } from '../../../broker/index.js';
import { isPrivate, isReserved } from '../../../broker/index.js';
import { serializers } from '../../../serializers/index.js';
import { addressFault } from '../addresses.js';
import type { Definition, Kind } from './definitions.js';
import { Definitions, KINDS, watchProcedures } from './definitions.js';
import { faultOf } from './meta-arguments.js';
import { timestampOf } from './rfc3339.js';
import { answer, encoded, invalid, isMap, roomOf } from './router-answers.js';

/**
 * Lets the sessions of a realm describe what they offer, and see what they may use [WAMP AP Interface Reflection]. The chapter is a
 * sketch: it names procedures and events, and neither arguments nor results; those here are ours.
 */
export function provideReflection(broker: Broker): void {
  const reflection = new Reflection(broker);
  for (const kind of KINDS) {
    broker.provide(`wamp.reflection.${kind}.list`, (call) => reflection.list(kind, call));
    broker.provide(`wamp.reflection.${kind}.describe`, (call) => reflection.describe(kind, call));
  }
  broker.provide('wamp.reflect.define', (call) => reflection.define(call));
  broker.provide('wamp.reflect.describe', (call) => reflection.describeAll(call));
}

/** How many addresses one question looks at. */
const MOST_EXAMINED = 10_000;
/** So often an authorizer may answer a question with a promise, until it is not asked any more. */
const MOST_LATE = 16;
/** About what an entry of a list has beside its text, in bytes. */
const ENTRY = 64;

/** What is known of one address. */
interface Entry {
  readonly kind: Kind;
  readonly uri: string;
}

class Reflection {
  readonly #definitions: Definitions;

  constructor(private readonly broker: Broker) {
    this.#definitions = new Definitions(broker.limits, {
      defined: ({ uri, kind, about }, isNew) =>
        broker.announce('wamp.reflect.on_define', [uri, about, isNew], { type: kind }),
      undefined: ({ uri, kind }) => broker.announce('wamp.reflect.on_undefine', [uri], { type: kind }),
    });
    broker.observe(watchProcedures(this.#definitions, (session, uri) => this.#offers(session, uri)));
  }

  /** `[]` → the URIs that the caller may call, or subscribe to; of errors, all that are described. */
  list(kind: Kind, { caller }: RouterCall): RouterAnswer {
    const uris: string[] = [];
    const page = this.#visible(caller, this.#known(kind), ({ uri }) => {
      uris.push(uri);
      return uri.length + ENTRY;
    });
    return answer(uris, page);
  }

  /** `[uri]` → what is known of it, or null if the caller may not use it or nothing is known. */
  describe(kind: Kind, { caller, args }: RouterCall): RouterAnswer {
    const [uri] = args;
    if (typeof uri !== 'string') return invalid('The URI must be a string.');
    const fault = faultOf(caller, { match: 'exact', text: uri });
    if (fault !== undefined) return fault;
    if (isHidden(uri) || new Sight(caller).sees({ kind, uri }) !== true) return answer(null);
    const definition = this.#definitions.get(kind, uri)?.about ?? null;
    const facts = this.#factsOf(kind, uri);
    if (definition === null && facts === undefined) return answer(null);
    return answer({ uri, ...facts, definition });
  }

  /** `[uri?]` → what was said of it, or of all that the caller may use: a list of `{type, uri, definition}`. */
  describeAll({ caller, args }: RouterCall): RouterAnswer {
    const [uri] = args;
    if (uri !== undefined && uri !== null && typeof uri !== 'string')
      return invalid('The URI must be a string.');
    const fault = typeof uri === 'string' ? faultOf(caller, { match: 'exact', text: uri }) : undefined;
    if (fault !== undefined) return fault;
    const found: object[] = [];
    const page = this.#visible(caller, this.#said(uri ?? undefined), (definition) => {
      found.push({ type: definition.kind, uri: definition.uri, definition: definition.about });
      return definition.size + ENTRY;
    });
    return answer(found, page);
  }

  /**
   * `[uri, definition]` → true if nothing was said of it before, false if something else was, null if nothing changes. The
   * definition is a map whose `type` is topic, procedure or error; null takes back what this session has said.
   */
  define({ caller, args }: RouterCall): RouterAnswer | Promise<RouterAnswer> {
    const [uri, about] = args;
    if (typeof uri !== 'string') return invalid('The URI must be a string.');
    const misspelled = addressFault(uri, 'loose');
    if (misspelled !== undefined)
      return { kind: 'failed', error: misspelled.error, args: [misspelled.reason] };
    const fault = faultOf(caller, { match: 'exact', text: uri });
    if (fault !== undefined) return fault;
    if (isHidden(uri)) return RESERVED;
    const { shown } = caller.entry;
    if (about === undefined || about === null) {
      return answer(this.#definitions.takeBack(shown, uri) ? false : null);
    }
    const definition = definitionOf(uri, about);
    if (typeof definition === 'string') return invalid(definition);
    const may = this.#mayDefine(caller, definition);
    const go = (allowed: boolean): RouterAnswer => (allowed ? this.#define(caller, definition) : NOT_YOURS);
    return may instanceof Promise ? may.then(go) : go(may);
  }

  #define(caller: Attachment, definition: Definition): RouterAnswer {
    const entry = caller.entry.within?.entry ?? caller.entry;
    if (caller.detached) return NOT_YOURS;
    entry.atEnd(this, () => this.#definitions.forget(entry.shown));
    const done = this.#definitions.define(entry.shown, definition);
    if (done === undefined) return this.#full();
    return answer(done === 'unchanged' ? null : done === 'new');
  }

  #full(): RouterAnswer {
    const { definitions, definitionBytes } = this.broker.limits;
    const reason = `A session may have ${definitions} definitions of ${definitionBytes} bytes in all.`;
    return { kind: 'refused', code: 'limit_exceeded', reason };
  }

  /** Whoever offers a procedure, may publish to a topic, or might register a procedure of the error's name. */
  #mayDefine(caller: Attachment, { kind, uri }: Definition): boolean | Promise<boolean> {
    const { shown } = caller.entry;
    if (kind === 'procedure') return this.#offers(shown, uri);
    const action = kind === 'topic' ? 'publish' : 'register';
    const decision = caller.permits(action, { match: 'exact', text: uri });
    return decision instanceof Promise ? decision.then(({ allow }) => allow) : decision.allow;
  }

  /** Whether calls of a procedure may come to this session. */
  #offers(session: number, uri: string): boolean {
    return this.broker.view.procedureFor(uri)?.isOfferedBy(session) === true;
  }

  /** What there is of a kind; nothing for what is passed over, which has to be looked at all the same. */
  *#known(kind: Kind): Generator<Entry | undefined> {
    const { view } = this.broker;
    const seen = new Set<string>();
    const inUse = kind === 'procedure' ? view.procedures() : kind === 'topic' ? view.interests() : [];
    for (const entry of inUse) {
      const { match, text: uri } = entry.pattern;
      const isIdle = 'isInUse' in entry && !entry.isInUse;
      if (match !== 'exact' || isHidden(uri) || isIdle) {
        yield undefined;
        continue;
      }
      seen.add(uri);
      yield { kind, uri };
    }
    for (const { kind: known, uri } of this.#definitions.all())
      yield known === kind && !seen.has(uri) ? { kind, uri } : undefined;
  }

  *#said(uri: string | undefined): Generator<Definition> {
    if (uri === undefined) {
      yield* this.#definitions.all();
      return;
    }
    for (const kind of KINDS) {
      const definition = this.#definitions.get(kind, uri);
      if (definition !== undefined) yield definition;
    }
  }

  #factsOf(kind: Kind, uri: string): object | undefined {
    const { view } = this.broker;
    if (kind === 'procedure') {
      const procedure = view.procedureFor(uri);
      if (procedure === undefined) return undefined;
      const { pattern, policy, since } = procedure;
      return { match: pattern.match, invoke: policy, created: timestampOf(since) };
    }
    const interest = kind === 'topic' ? view.interestOf({ match: 'exact', text: uri }) : undefined;
    if (interest?.isInUse !== true) return undefined;
    return { created: timestampOf(interest.since) };
  }

  /** Takes entries that the caller may see, until the answer is full; tells by keyword if it is not all. */
  #visible<E extends Entry>(
    caller: Attachment,
    entries: Iterable<E | undefined>,
    take: (entry: E) => number,
  ): { readonly complete: false } | undefined {
    let room = roomOf(this.broker, caller);
    let left = MOST_EXAMINED;
    const sight = new Sight(caller);
    for (const entry of entries) {
      left -= 1;
      if (left < 0 || room < 0) return INCOMPLETE;
      if (entry === undefined) continue;
      const isSeen = sight.sees(entry);
      if (isSeen === undefined) return INCOMPLETE;
      if (isSeen) room -= take(entry);
    }
    return undefined;
  }
}

/** What one caller may see. */
class Sight {
  #late = 0;

  constructor(private readonly caller: Attachment) {}

  /** Whether the caller may use it; undefined if its authorizer does not answer at once. One late answer is a no. */
  sees({ kind, uri }: Entry): boolean | undefined {
    if (kind === 'error') return true;
    if (this.#late >= MOST_LATE) return undefined;
    const action = kind === 'procedure' ? 'call' : 'subscribe';
    const isAllowed = this.caller.rights.permitsNow(action, { match: 'exact', text: uri });
    if (isAllowed === undefined) this.#late += 1;
    return isAllowed === true;
  }
}

const INCOMPLETE = { complete: false } as const;
const RESERVED: RouterAnswer = {
  kind: 'refused',
  code: 'reserved_address',
  reason: 'Neither the addresses of the router nor those of one user can be described.',
};
const NOT_YOURS: RouterAnswer = {
  kind: 'refused',
  code: 'not_authorized',
  reason: 'A procedure is described by who offers it, a topic by who may publish to it.',
};

/** Whether an address is shown to nobody: the router's own, one user's, a reply address. */
function isHidden(uri: string): boolean {
  return isReserved(uri) || isPrivate(uri);
}

/** Reads a definition; a text says what is wrong. */
function definitionOf(uri: string, about: unknown): Definition | string {
  if (!isMap(about)) return 'The definition must be a map, or null.';
  const kind = KINDS.find((known) => known === about['type']);
  if (kind === undefined) return 'The type of the definition must be topic, procedure or error.';
  const size = encoded(() => serializers.json.encode(about).length);
  if (size === undefined) return 'The definition cannot be written.';
  return { kind, uri, about, size: size + Buffer.byteLength(uri) };
}
