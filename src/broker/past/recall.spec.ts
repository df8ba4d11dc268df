import { afterEach, describe, expect, it } from '@jest/globals';
import { RealmBed } from '../../../test/support/realm-bed.js';
import type { HistoryPage, HistoryQuery, HistoryStore, RecallQuery, RecallSink, Recalled } from '../index.js';
import { Payload, Publication, StoreError } from '../index.js';

let bed: RealmBed;

afterEach(() => bed.end());

const principal = { authid: 'a', authrole: 'b', authmethod: 'c', authprovider: 'd' };
const origin = { protocol: 'test', session: 1, principal };

function event(id: number, eligible?: readonly string[]): Publication {
  const audience = eligible && { eligible: { authids: new Set(eligible) } };
  return new Publication(id, { topic: 'h.a', payload: Payload.empty, audience }, undefined, origin, id);
}

/** A store that answers as it is told. */
function given(read: (query: HistoryQuery) => HistoryPage | Promise<HistoryPage>): void {
  const history: HistoryStore = {
    durable: false,
    append: () => undefined,
    read: (_realm, query) => read(query),
  };
  bed = new RealmBed({ stores: { history }, history: [{ match: 'h.#' }] });
}

/** Asks, and returns the ids that were told. */
async function recalled(
  query: Partial<RecallQuery> = {},
  isOver: () => boolean = () => false,
): Promise<readonly [Recalled, readonly number[]]> {
  const told: number[] = [];
  const pattern = { match: 'prefix', text: 'h.' } as const;
  const sink: RecallSink = {
    take: ({ id }) => told.push(id) > 0,
    get isOver(): boolean {
      return isOver();
    },
  };
  const answer = await bed.broker.recall(bed.endpoint().attachment, { pattern, ...query }, sink);
  return [answer, told];
}

describe('what is recalled', () => {
  it('costs no more than so many pages, and says where it has stopped', async () => {
    const queries: HistoryQuery[] = [];
    given((query) => {
      queries.push(query);
      const from = query.afterPublication ?? 0;
      // Nothing of it is for the asker, and there is always more.
      const publications = Array.from({ length: query.limit }, (_, at) => event(from + at + 1, []));
      return { publications, complete: true };
    });
    const [answer, told] = await recalled();
    expect([queries.length, told]).toEqual([128, []]);
    expect(answer).toEqual({ kind: 'recalled', next: 128 * 256 });
  });

  it('goes on after what it has looked at, or before, whatever the question began with', async () => {
    const queries: Partial<HistoryQuery>[] = [];
    given(({ fromPublication, afterPublication, untilPublication, beforePublication, limit }) => {
      queries.push({ fromPublication, afterPublication, untilPublication, beforePublication });
      const publications = Array.from({ length: queries.length % 2 === 1 ? limit : 1 }, (_, at) =>
        event(at + 1, []),
      );
      return { publications, complete: true };
    });
    await recalled({ fromPublication: 7, untilPublication: 9 });
    await recalled({ fromPublication: 7, untilPublication: 9, reverse: true });
    expect(queries).toEqual([
      { fromPublication: 7, untilPublication: 9 },
      { afterPublication: 256, untilPublication: 9 },
      { fromPublication: 7, untilPublication: 9 },
      { fromPublication: 7, beforePublication: 256 },
    ]);
  });

  it('is told once, though the event that a page ended with is gone when the next is read', async () => {
    const all = Array.from({ length: 300 }, (_, at) => event(at + 1));
    given(({ afterPublication, limit }) =>
      // What is not known counts as older than all.
      Promise.resolve({
        publications: afterPublication === undefined ? all.slice(0, limit) : all,
        complete: false,
      }),
    );
    const [, told] = await recalled();
    expect([told.length, new Set(told).size]).toEqual([300, 300]);
  });

  it('B12: goes on where a page has stopped that had nothing, and says where it has stopped itself', async () => {
    const queries: HistoryQuery[] = [];
    given((query) => {
      queries.push(query);
      const place = queries.length;
      return { publications: [], complete: true, stopped: { place, publication: 1000 + place } };
    });
    expect(await recalled({ fromPublication: 7 })).toEqual([{ kind: 'recalled', next: 1128 }, []]);
    expect(queries.length).toBe(128);
    expect(queries.slice(0, 3).map(({ resume, fromPublication }) => [resume, fromPublication])).toEqual([
      [undefined, 7],
      [1, 7],
      [2, 7],
    ]);
    expect(new Set(queries.map(({ examined }) => examined))).toEqual(new Set([2048]));
  });

  it('B12: reads no more once nobody waits for the answer, and nothing if nobody did when its turn came', async () => {
    let pages = 0;
    given(() => {
      pages += 1;
      return { publications: [], complete: true, stopped: { place: pages, publication: pages } };
    });
    await recalled({}, () => pages >= 3);
    await recalled({}, () => pages >= 3);
    expect(pages).toBe(3);
  });

  it('B12: lets others have their turn after each page that took long, and ends early', async () => {
    let pages = 0;
    let pagesOfTurn = 0;
    let longest = 0;
    given(() => {
      pages += 1;
      pagesOfTurn += 1;
      longest = Math.max(longest, pagesOfTurn);
      bed.services.clock.advanceWithin(10);
      return { publications: [], complete: true, stopped: { place: pages, publication: pages } };
    });
    let answer: unknown;
    void recalled().then(([told]) => (answer = told));
    for (let turns = 0; turns < 100; turns += 1) {
      await Promise.resolve();
      pagesOfTurn = 0;
      bed.services.clock.flush();
    }
    expect([answer, pages, longest]).toEqual([{ kind: 'recalled', next: 10 }, 10, 1]);
  });

  it('is nothing, and a refusal, if the store cannot be read', async () => {
    given(() => {
      throw new StoreError('failed', 'broken');
    });
    expect(await recalled()).toEqual([
      { kind: 'refused', code: 'unavailable', reason: 'The store failed.' },
      [],
    ]);
  });
});
