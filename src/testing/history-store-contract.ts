import type { HistoryBounds, HistoryPage, HistoryQuery, HistoryStore } from '../broker/index.js';
import { checkSame } from './checks.js';
import { publicationText, samplePublication } from './sample-publications.js';
import type { PublicationWishes } from './sample-publications.js';
import type { TestRunner } from './subprotocol-contract.js';

/** A history store under test. */
export interface HistoryStoreSample {
  /** For the title: `memory`, `lmdb`, … */
  readonly engine: string;
  /** Opens a store with nothing in it. */
  readonly open: () => Promise<OpenedHistoryStore>;
}

/** A store for one test. */
export interface OpenedHistoryStore {
  readonly store: HistoryStore;
  close(): Promise<void>;
}

const REALM = 'realm1';
const AMPLE: HistoryBounds = { entries: 100, bytes: 1_000_000 };

/** Proves that a store keeps the contract of {@link HistoryStore}. A failure is an Error thrown by its test. */
export function historyStoreContract(runner: TestRunner, sample: HistoryStoreSample): void {
  runner.describe(`the history store ${sample.engine}`, () => {
    const it = (title: string, body: (stage: Stage) => Promise<void>): unknown =>
      runner.it(title, async () => {
        const { store, close } = await sample.open();
        try {
          await body(new Stage(store));
        } finally {
          await close();
        }
      });
    defineKeeping(it);
    defineBounds(it);
    defineKeywords(it);
    defineCompleteness(it);
    defineStops(it);
  });
}

type Define = (title: string, body: (stage: Stage) => Promise<void>) => unknown;

function defineKeeping(it: Define): void {
  it('gives back what was appended, whole', async (stage) => {
    const wishes: PublicationWishes = {
      id: 7,
      topic: 'a.b',
      session: 5,
      publishedAt: 1000,
      expiresAt: 5000,
      spelling: '/topic/a/b',
      headers: new Map([['x', 'ä']]),
      shard: 'sn239019',
      passthru: { scheme: 'wamp', serializer: 'cbor', keyid: 'k' },
      trustlevel: 0,
      audience: { eligible: { authids: new Set(['bob']) }, exclude: { authroles: new Set<string>() } },
    };
    await stage.append(wishes);
    const [found] = (await stage.read({})).publications;
    checkSame(found && publicationText(found), publicationText(samplePublication(wishes)), 'what came back');
  });

  it('answers in the order of arrival over all topics, or the reverse', async (stage) => {
    await stage.appendAll(['b', 'a', 'c', 'a', 'b']);
    checkSame(await stage.ids({}), [1, 2, 3, 4, 5], 'in order');
    checkSame(await stage.ids({ reverse: true }), [5, 4, 3, 2, 1], 'reversed');
  });

  it('keeps the order of arrival where ids and times have another', async (stage) => {
    for (const [at, id] of [30, 10, 20].entries()) await stage.append({ id, publishedAt: 100 - at });
    checkSame(await stage.ids({}), [30, 10, 20], 'in order');
    checkSame(await stage.ids({ afterPublication: 30 }), [10, 20], 'after the first');
    checkSame(await stage.ids({ untilPublication: 10 }), [30, 10], 'until the second');
  });

  it('sees what is not safe yet', async (stage) => {
    const appends = [1, 2, 3].map((id) => stage.append({ id }));
    checkSame(await stage.ids({}), [1, 2, 3], 'the history');
    await Promise.all(appends);
    checkSame(await stage.ids({}), [1, 2, 3], 'the history at last');
  });

  it('keeps realms apart', async (stage) => {
    await stage.append({ id: 1 });
    await stage.store.append('realm2', samplePublication({ id: 2 }), AMPLE);
    checkSame(await stage.ids({}), [1], 'the history');
  });

  it('gives each reader publications of its own', async (stage) => {
    await stage.append({ id: 1 });
    const form = { ordinal: 1 };
    const encoded: string[] = [];
    for (const reader of ['one', 'two']) {
      const [found] = (await stage.read({})).publications;
      encoded.push(found?.encodeOnce(form, () => reader) ?? 'nothing');
    }
    checkSame(encoded, ['one', 'two'], 'what was encoded');
  });
}

function defineBounds(it: Define): void {
  it('drops the oldest events of a topic that has too many, and no others', async (stage) => {
    await stage.append({ id: 1, topic: 'b' });
    for (let id = 2; id <= 6; id += 1) await stage.append({ id, topic: 'a' }, { entries: 3, bytes: 1000 });
    checkSame(await stage.ids({}), [1, 4, 5, 6], 'what is kept');
  });

  it('drops the oldest events of a topic that has too many bytes', async (stage) => {
    const bounds = { entries: 100, bytes: 1000 };
    for (let id = 1; id <= 4; id += 1) await stage.append({ id, bytes: 400 }, bounds);
    checkSame(await stage.ids({}), [3, 4], 'what is kept');
    await stage.append({ id: 5, bytes: 900 }, bounds);
    checkSame(await stage.ids({}), [5], 'what is kept of a large one');
  });

  it('keeps nothing of a topic whose newest event alone is too large', async (stage) => {
    const bounds = { entries: 100, bytes: 1000 };
    await stage.append({ id: 1, bytes: 400 }, bounds);
    await stage.append({ id: 2, bytes: 2000 }, bounds);
    checkSame(await stage.ids({}), [], 'what is kept');
    await stage.append({ id: 3, bytes: 400 }, bounds);
    checkSame(await stage.ids({}), [3], 'what is kept of the next');
  });

  it('goes by the bounds of each append', async (stage) => {
    for (let id = 1; id <= 5; id += 1) await stage.append({ id }, AMPLE);
    await stage.append({ id: 6 }, { entries: 2, bytes: 1000 });
    checkSame(await stage.ids({}), [5, 6], 'what is kept');
  });

  it('ends a page with the event that reaches the bytes', async (stage) => {
    for (let id = 1; id <= 5; id += 1) await stage.append({ id, bytes: 100 });
    checkSame(await stage.ids({ bytes: 250 }), [1, 2, 3], 'the page');
    checkSame(await stage.ids({ bytes: 200, reverse: true }), [5, 4], 'the reversed page');
    checkSame(await stage.ids({ bytes: 1 }), [1], 'the smallest page');
  });
}

const KEYWORDS: readonly (readonly [Partial<HistoryQuery>, readonly number[]])[] = [
  [{ limit: 2 }, [1, 2]],
  [{ limit: 2, reverse: true }, [8, 7]],
  [{ limit: 0 }, []],
  [{ topic: 'a.b' }, [2, 5, 8]],
  [{ topic: 'none' }, []],
  [{ topic: 'a.b', pattern: { match: 'exact', text: 'a' } }, []],
  [{ fromTime: 60 }, [6, 7, 8]],
  [{ afterTime: 60 }, [7, 8]],
  [{ beforeTime: 30 }, [1, 2]],
  [{ untilTime: 30 }, [1, 2, 3]],
  [{ fromPublication: 6 }, [6, 7, 8]],
  [{ afterPublication: 6 }, [7, 8]],
  [{ beforePublication: 3 }, [1, 2]],
  [{ untilPublication: 3 }, [1, 2, 3]],
  [{ afterPublication: 2, untilPublication: 6, topic: 'a', reverse: true, limit: 1 }, [4]],
  [{ fromTime: 20, beforeTime: 70, fromPublication: 4, beforePublication: 8 }, [4, 5, 6]],
  [{ afterPublication: 6, beforePublication: 3 }, []],
  [{ pattern: { match: 'exact', text: 'a.b' } }, [2, 5, 8]],
  [{ pattern: { match: 'prefix', text: 'a' } }, [1, 2, 4, 5, 7, 8]],
  [{ pattern: { match: 'wildcard', text: 'a.' } }, [2, 5, 8]],
  [{ pattern: { match: 'multi', text: '#.c' } }, [3, 6]],
];

function defineKeywords(it: Define): void {
  for (const [query, expected] of KEYWORDS) {
    it(`answers ${JSON.stringify(query)}`, async (stage) => {
      for (let id = 1; id <= 8; id += 1) {
        await stage.append({ id, topic: ['b.c', 'a', 'a.b'][id % 3]!, publishedAt: 10 * id });
      }
      checkSame(await stage.ids(query), expected, 'the ids');
    });
  }

  it('leaves out what has expired', async (stage) => {
    await stage.append({ id: 1, publishedAt: 1, expiresAt: 1000 });
    await stage.append({ id: 2, publishedAt: 1, expiresAt: 1001 });
    checkSame(await stage.ids({ now: 999 }), [1, 2], 'before');
    checkSame(await stage.ids({ now: 1000 }), [2], 'when the first has');
    checkSame(await stage.ids({ now: 1000, limit: 1 }), [2], 'when the first has, and one is wanted');
  });

  it('shows private topics to exact patterns only', async (stage) => {
    await stage.append({ id: 1, topic: 'user.bob.queue.x' });
    checkSame(await stage.ids({}), [], 'to a pattern');
    checkSame(await stage.ids({ pattern: { match: 'exact', text: 'user.bob.queue.x' } }), [1], 'to its name');
  });
}

function defineCompleteness(it: Define): void {
  it('is complete as long as nothing was dropped', async (stage) => {
    checkSame((await stage.read({})).complete, true, 'an empty history');
    await stage.appendAll(['a', 'b', 'a']);
    checkSame((await stage.read({})).complete, true, 'a whole history');
    checkSame((await stage.read({ afterPublication: 1 })).complete, true, 'a whole history after the first');
  });

  it('says that the publication is unknown from which on all was wanted, and gives what it has', async (stage) => {
    await stage.appendAll(['a', 'b', 'a']);
    for (const unknown of [{ afterPublication: 99 }, { fromPublication: 99 }]) {
      const { publications, complete } = await stage.read(unknown);
      checkSame([publications.map(({ id }) => id), complete], [[1, 2, 3], false], JSON.stringify(unknown));
    }
    for (const unknown of [{ beforePublication: 99 }, { untilPublication: 99 }])
      checkSame(await stage.ids(unknown), [], JSON.stringify(unknown));
  });

  it('says when events after the publication were dropped, of topics that were asked for', async (stage) => {
    const bounds = { entries: 2, bytes: 1000 };
    await stage.append({ id: 1, topic: 'quiet' }, bounds);
    for (let id = 2; id <= 5; id += 1) await stage.append({ id, topic: 'busy.one' }, bounds);
    await stage.append({ id: 6, topic: 'quiet' }, bounds);
    const complete = async (query: Partial<HistoryQuery>): Promise<boolean> =>
      (await stage.read(query)).complete;
    checkSame(await complete({}), false, 'all of it');
    checkSame(
      await complete({ afterPublication: 1 }),
      false,
      'after one that is older than what was dropped',
    );
    checkSame(await complete({ afterPublication: 4 }), true, 'after one that is newer');
    const quiet = { pattern: { match: 'exact', text: 'quiet' } } as const;
    checkSame(await complete({ ...quiet, afterPublication: 1 }), true, 'another topic');
    checkSame(await complete({ afterPublication: 1, topic: 'quiet' }), true, 'another topic of the pattern');
    const busy = { pattern: { match: 'wildcard', text: 'busy.' } } as const;
    checkSame(await complete({ ...busy, afterPublication: 1 }), false, 'a pattern that matches the topic');
  });

  it('does not know a publication any more that was dropped', async (stage) => {
    for (let id = 1; id <= 4; id += 1) await stage.append({ id }, { entries: 2, bytes: 1000 });
    const { publications, complete } = await stage.read({ afterPublication: 1 });
    checkSame([publications.map(({ id }) => id), complete], [[3, 4], false], 'the history');
  });
}

function defineStops(it: Define): void {
  const queries: readonly Partial<HistoryQuery>[] = [
    {},
    { reverse: true },
    { pattern: { match: 'exact', text: 't.7' } },
    { pattern: { match: 'prefix', text: 't.1' } },
    { pattern: { match: 'wildcard', text: '.7' }, reverse: true },
    { pattern: { match: 'multi', text: 'none.#' } },
    { topic: 't.7', fromTime: 350 },
    { fromTime: 350, afterPublication: 20 },
    { afterTime: 100_000 },
  ];
  for (const query of queries) {
    it(`B12: looks at no more than it is asked to, and goes on from there: ${JSON.stringify(query)}`, async (stage) => {
      for (let id = 1; id <= 700; id += 1)
        await stage.append({ id, topic: `t.${id % 350}`, publishedAt: id });
      const pages = await stage.pages({ ...query, examined: 90 });
      checkSame(pages.flat(), await stage.ids(query), 'the ids of all pages');
      checkSame(
        pages.some((page) => page.length > 90),
        false,
        'a page with more than was to be looked at',
      );
    });
  }

  it('B12: goes on where it has stopped, though that event is gone', async (stage) => {
    const bounds = { entries: 2, bytes: 1000 };
    for (let id = 1; id <= 6; id += 1) await stage.append({ id, topic: 'a' });
    await stage.append({ id: 7, topic: 'b' });
    const { publications, stopped } = await stage.read({ examined: 3 });
    await stage.append({ id: 8, topic: 'a' }, bounds);
    const rest = await stage.ids({ resume: stopped?.place });
    checkSame(
      [publications.map(({ id }) => id), stopped?.publication, rest],
      [[1, 2, 3], 3, [6, 7, 8]],
      'two pages',
    );
    const reversed = await stage.read({ examined: 1, reverse: true });
    await stage.append({ id: 9, topic: 'a' }, { entries: 1, bytes: 1000 });
    checkSame(await stage.ids({ reverse: true, resume: reversed.stopped?.place }), [7], 'the reverse');
  });
}

/** One store, with one realm that is used. */
class Stage {
  constructor(readonly store: HistoryStore) {}

  /** Resolves when it is safe. */
  async append(wishes: PublicationWishes, bounds: HistoryBounds = AMPLE): Promise<void> {
    await this.store.append(REALM, samplePublication(wishes), bounds);
  }

  /** One event for each topic, with the ids 1, 2, 3 … */
  async appendAll(topics: readonly string[]): Promise<void> {
    for (const [at, topic] of topics.entries()) await this.append({ id: at + 1, topic });
  }

  async read(query: Partial<HistoryQuery>): Promise<HistoryPage> {
    return this.store.read(REALM, { pattern: { match: 'multi', text: '#' }, limit: 1000, now: 0, ...query });
  }

  /** The ids of one page after another, until none says that it has stopped. */
  async pages(query: Partial<HistoryQuery>): Promise<readonly (readonly number[])[]> {
    const pages: number[][] = [];
    let resume: number | undefined;
    do {
      const { publications, stopped } = await this.read({ ...query, resume });
      pages.push(publications.map(({ id }) => id));
      resume = stopped?.place;
    } while (resume !== undefined && pages.length < 1000);
    return pages;
  }

  /** The ids of what is found, in the order of the answer. */
  async ids(query: Partial<HistoryQuery>): Promise<readonly number[]> {
    return (await this.read(query)).publications.map(({ id }) => id);
  }
}
