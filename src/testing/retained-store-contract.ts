import type { Pattern, Publication, RetainedPage, RetainedQuery, RetainedStore } from '../broker/index.js';
import { checkRefused, checkSame } from './checks.js';
import { publicationText, samplePublication } from './sample-publications.js';
import type { TestRunner } from './subprotocol-contract.js';

/** A retained store under test. */
export interface RetainedStoreSample {
  /** For the title: `memory`, `lmdb`, … */
  readonly engine: string;
  /** Opens a store with nothing in it, which refuses what exceeds the limits. */
  readonly open: (limits?: RetainedStoreLimits) => Promise<OpenedRetainedStore>;
}

/** How much a store may retain for one realm; the engine's own defaults where nothing is said. */
export interface RetainedStoreLimits {
  readonly events?: number;
  readonly bytes?: number;
}

/** A store for one test. */
export interface OpenedRetainedStore {
  readonly store: RetainedStore;
  close(): Promise<void>;
}

const REALM = 'realm1';

/** Proves that a store keeps the contract of {@link RetainedStore}. A failure is an Error thrown by its test. */
export function retainedStoreContract(runner: TestRunner, sample: RetainedStoreSample): void {
  runner.describe(`the retained store ${sample.engine}`, () => {
    const it = (
      title: string,
      body: (stage: Stage) => Promise<void>,
      limits?: RetainedStoreLimits,
    ): unknown =>
      runner.it(title, async () => {
        const { store, close } = await sample.open(limits);
        try {
          await body(new Stage(store));
        } finally {
          await close();
        }
      });
    defineKeeping(it);
    defineMatching(it);
    defineBounds(it);
  });
}

type Define = (title: string, body: (stage: Stage) => Promise<void>, limits?: RetainedStoreLimits) => unknown;

function defineKeeping(it: Define): void {
  it('gives back what was put, whole', async (stage) => {
    const publication = samplePublication({
      id: 7,
      topic: 'a.b',
      session: 5,
      publishedAt: 1000,
      expiresAt: 5000,
      spelling: '/topic/a/b',
      headers: new Map([['x', 'ä']]),
      shard: 'sn239019',
      passthru: {
        scheme: 'wamp',
        serializer: 'cbor',
        keyid: 'k',
        older: { algo: 'cryptobox', key: 'k' },
      },
      trustlevel: 0,
      audience: {
        eligible: { sessions: new Set([1, 2]), authids: new Set<string>() },
        exclude: { authroles: new Set(['guest']) },
      },
    });
    await stage.store.put(REALM, publication);
    const [found] = await stage.match('exact', 'a.b');
    checkSame(found && publicationText(found), publicationText(publication), 'what came back');
  });

  it('keeps the last event of a topic', async (stage) => {
    for (const id of [1, 2, 3]) await stage.put({ id, topic: 'a' });
    checkSame(await stage.ids('exact', 'a'), [3], 'what is retained');
  });

  it('sees what is not safe yet', async (stage) => {
    const puts = [stage.put({ id: 1, topic: 'a' }), stage.put({ id: 2, topic: 'a' })];
    checkSame(await stage.ids('exact', 'a'), [2], 'what is retained');
    const forgotten = stage.store.delete(REALM, 'a');
    checkSame(await stage.ids('exact', 'a'), [], 'what is retained after the deletion');
    await Promise.all([...puts, forgotten]);
    checkSame(await stage.ids('exact', 'a'), [], 'what is retained at last');
  });

  it('forgets what was deleted, and nothing else', async (stage) => {
    for (const [at, topic] of ['a', 'b', 'b.c'].entries()) await stage.put({ id: at + 1, topic });
    await stage.store.delete(REALM, 'b');
    await stage.store.delete(REALM, 'never.retained');
    checkSame(await stage.ids('multi', '#'), [1, 3], 'what is retained');
  });

  it('keeps realms apart', async (stage) => {
    await stage.put({ id: 1, topic: 'a' });
    await stage.store.put('realm2', samplePublication({ id: 2, topic: 'a' }));
    await stage.store.delete('realm2', 'a');
    checkSame(await stage.ids('exact', 'a'), [1], 'what is retained');
  });

  it('gives each reader publications of its own', async (stage) => {
    await stage.put({ id: 1, topic: 'a' });
    const form = { ordinal: 1 };
    const encoded: string[] = [];
    for (const reader of ['one', 'two']) {
      const [found] = await stage.match('exact', 'a');
      encoded.push(found?.encodeOnce(form, () => reader) ?? 'nothing');
    }
    checkSame(encoded, ['one', 'two'], 'what was encoded');
  });
}

function defineMatching(it: Define): void {
  const topics = ['a', 'a.b', 'a.b.c', 'a.bc', 'a.c', 'ab', 'b', '#reply', 'user.bob.queue.x'];
  const expected: readonly (readonly [Pattern['match'], string, readonly string[]])[] = [
    ['exact', 'a', ['a']],
    ['exact', 'none', []],
    ['exact', '#reply', ['#reply']],
    ['exact', 'user.bob.queue.x', ['user.bob.queue.x']],
    ['prefix', '', ['a', 'a.b', 'a.b.c', 'a.bc', 'a.c', 'ab', 'b']],
    ['prefix', 'a.b', ['a.b', 'a.b.c', 'a.bc']],
    ['prefix', 'user.bob', []],
    ['wildcard', 'a.', ['a.b', 'a.bc', 'a.c']],
    ['wildcard', '.b', ['a.b']],
    ['wildcard', '...', []],
    ['multi', '#', ['a', 'a.b', 'a.b.c', 'a.bc', 'a.c', 'ab', 'b']],
    ['multi', 'a.#', ['a', 'a.b', 'a.b.c', 'a.bc', 'a.c']],
    ['multi', '#.c', ['a.b.c', 'a.c']],
    ['multi', 'a.#.c', ['a.b.c', 'a.c']],
    ['multi', '.#.c', ['a.b.c', 'a.c']],
    ['multi', 'user.#', []],
  ];
  for (const [match, text, found] of expected) {
    it(`finds the topics of the ${match} pattern "${text}", in ascending order`, async (stage) => {
      for (const [at, topic] of topics.toReversed().entries()) await stage.put({ id: at + 1, topic });
      checkSame(
        (await stage.match(match, text)).map(({ topic }) => topic),
        found,
        'the topics',
      );
    });
  }

  it('answers in pages, by count', async (stage) => {
    for (let id = 1; id <= 5; id += 1) await stage.put({ id, topic: `t.${id}` });
    const first = { limit: 2 };
    checkSame(await stage.ids('multi', 't.#', first), [1, 2], 'the first page');
    checkSame(await stage.ids('multi', 't.#', { ...first, after: 't.2' }), [3, 4], 'the second');
    checkSame(await stage.ids('multi', 't.#', { ...first, after: 't.4' }), [5], 'the third');
    checkSame(await stage.ids('multi', 't.#', { ...first, after: 't.5' }), [], 'the last');
    checkSame(await stage.ids('exact', 't.1', { ...first, after: 't.1' }), [], 'after the only one');
  });

  it('B12: looks at no more topics than it is asked to, and says where it has stopped', async (stage) => {
    for (let id = 1; id <= 9; id += 1) await stage.put({ id, topic: `t.${id}` });
    const pages: (readonly [readonly number[], string | undefined])[] = [];
    let after: string | undefined;
    do {
      const page = await stage.page('wildcard', '.8', { examined: 3, after });
      pages.push([page.publications.map(({ id }) => id), page.stopped]);
      after = page.stopped;
    } while (after !== undefined && pages.length < 20);
    checkSame(
      pages.flatMap(([ids]) => ids),
      [8],
      'what is found',
    );
    checkSame(pages[0], [[], 't.3'], 'the first page');
    checkSame(pages.length > 2, true, 'that there are several');
    checkSame((await stage.page('multi', 't.#', { examined: 9 })).stopped, undefined, 'where all was seen');
  });

  it('ends a page with the event that reaches the bytes', async (stage) => {
    for (let id = 1; id <= 5; id += 1) await stage.put({ id, topic: `t.${id}`, bytes: 1000 });
    const page = await stage.ids('multi', 't.#', { bytes: 2500 });
    checkSame(page, [1, 2, 3], 'the page');
    checkSame(await stage.ids('multi', 't.#', { bytes: 1 }), [1], 'the smallest page');
  });

  it('leaves out what has expired', async (stage) => {
    await stage.put({ id: 1, topic: 't.1', expiresAt: 1000, publishedAt: 1 });
    await stage.put({ id: 2, topic: 't.2', expiresAt: 1001, publishedAt: 1 });
    checkSame(await stage.ids('multi', 't.#', { now: 999 }), [1, 2], 'before');
    checkSame(await stage.ids('multi', 't.#', { now: 1000 }), [2], 'when the first has');
    checkSame(await stage.ids('multi', 't.#', { now: 5000 }), [], 'when both have');
  });

  it('does not let the expiry of an event end the one that replaced it', async (stage) => {
    await stage.put({ id: 1, topic: 'a', expiresAt: 1000, publishedAt: 1 });
    await stage.put({ id: 2, topic: 'a', publishedAt: 2 });
    checkSame(await stage.ids('exact', 'a', { now: 5000 }), [2], 'what is retained');
  });
}

function defineBounds(it: Define): void {
  it(
    'B8: refuses one topic more than it may retain, and still replaces what it has',
    async (stage) => {
      for (let id = 1; id <= 3; id += 1) await stage.put({ id, topic: `t.${id}` });
      await checkRefused(() => stage.put({ id: 4, topic: 't.4' }), 'full', 'the fourth topic');
      await stage.put({ id: 5, topic: 't.3' });
      checkSame(await stage.ids('multi', '#'), [1, 2, 5], 'what is retained');
      await stage.store.delete(REALM, 't.1');
      await stage.put({ id: 6, topic: 't.4' });
      checkSame(await stage.ids('multi', '#'), [2, 5, 6], 'what is retained after a deletion');
    },
    { events: 3 },
  );

  it(
    'B8: refuses more bytes than it may retain, and keeps what was there',
    async (stage) => {
      await stage.put({ id: 1, topic: 'a', bytes: 4000 });
      await stage.put({ id: 2, topic: 'b', bytes: 4000 });
      await checkRefused(() => stage.put({ id: 3, topic: 'b', bytes: 8000 }), 'full', 'the larger one');
      checkSame(await stage.ids('multi', '#'), [1, 2], 'what is retained');
      await stage.put({ id: 4, topic: 'a', bytes: 10 });
      await stage.put({ id: 5, topic: 'b', bytes: 8000 });
      checkSame(await stage.ids('multi', '#'), [4, 5], 'what is retained when there is room');
    },
    { bytes: 10_000 },
  );

  it(
    'B8: says before what it would refuse, of changes one after another, and changes nothing',
    async (stage) => {
      await stage.put({ id: 1, topic: 'a', bytes: 4000 });
      await stage.put({ id: 2, topic: 'b', bytes: 10, publishedAt: 1, expiresAt: 50 });
      checkSame(stage.refusal(['c', 10], ['a', 10], ['d', 10]), 'full', 'a topic too many');
      checkSame(stage.refusal(['c', 9000]), 'full', 'too many bytes');
      checkSame(stage.refusal(['a', 9000], ['c', 10]), undefined, 'one that replaces');
      checkSame(stage.refusal(['c', 10], ['c', 20]), undefined, 'the same topic twice');
      checkSame(stage.refusal(['c', 10], ['d', 10], ['a', undefined]), 'full', 'room made too late');
      checkSame(stage.refusal(['a', undefined], ['c', 10], ['d', 10]), undefined, 'room made before');
      checkSame(await stage.ids('multi', '#'), [1, 2], 'what is retained');
      checkSame(stage.refusal(['c', 10, 60], ['d', 10, 60]), undefined, 'room made by what has expired');
      checkSame(await stage.ids('multi', '#', { now: 60 }), [1], 'what is retained then');
    },
    { events: 3, bytes: 10_000 },
  );

  it(
    'B8: lets what has expired make room',
    async (stage) => {
      for (let id = 1; id <= 3; id += 1) {
        await stage.put({ id, topic: `t.${id}`, publishedAt: 10, expiresAt: 100 + id });
      }
      await checkRefused(() => stage.put({ id: 4, topic: 't.4', publishedAt: 50 }), 'full', 'too early');
      await stage.put({ id: 5, topic: 't.5', publishedAt: 102 });
      checkSame(await stage.ids('multi', '#', { now: 102 }), [3, 5], 'what is retained');
    },
    { events: 3 },
  );
}

/** One store, with one realm that is used. */
class Stage {
  constructor(readonly store: RetainedStore) {}

  /** The code with which changes would be refused: topic, bytes (none: it is forgotten), time. */
  refusal(...changes: readonly (readonly [string, number | undefined, number?])[]): string | undefined {
    const asked = changes.map(([topic, bytes, publishedAt = 2]) => ({
      topic,
      publication: bytes === undefined ? undefined : samplePublication({ id: 9, topic, bytes, publishedAt }),
    }));
    return this.store.refusalOf?.(REALM, asked)?.code;
  }

  /** Resolves when it is safe. */
  async put(wishes: Parameters<typeof samplePublication>[0]): Promise<void> {
    await this.store.put(REALM, samplePublication(wishes));
  }

  async page(
    match: Pattern['match'],
    text: string,
    more: Partial<RetainedQuery> = {},
  ): Promise<RetainedPage> {
    return this.store.match(REALM, { pattern: { match, text }, now: 0, limit: 1000, ...more });
  }

  async match(
    match: Pattern['match'],
    text: string,
    more: Partial<RetainedQuery> = {},
  ): Promise<readonly Publication[]> {
    return (await this.page(match, text, more)).publications;
  }

  /** The ids of what matches, in order. */
  async ids(
    match: Pattern['match'],
    text: string,
    more: Partial<RetainedQuery> = {},
  ): Promise<readonly number[]> {
    return (await this.match(match, text, more)).map(({ id }) => id);
  }
}
