import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { HistoryQuery, Pattern } from '../../src/broker/index.js';
import { historyStoreContract, samplePublication } from '../../src/testing/index.js';
import { HISTORY_STORES } from './engines.js';
import { HistoryModel } from './history-model.js';

const topic = fc.constantFrom('a', 'a.b', 'a.c', 'b.c');
const id = fc.integer({ min: 1, max: 14 });
const time = fc.integer({ min: 0, max: 20 });
const pattern: fc.Arbitrary<Pattern> = fc.oneof(
  topic.map((text) => ({ match: 'exact', text }) as const),
  fc.constantFrom<Pattern>(
    { match: 'multi', text: '#' },
    { match: 'prefix', text: 'a' },
    { match: 'wildcard', text: '.c' },
  ),
);
const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined, freq: 2 });
/** The keywords of `wamp.subscription.get_events`, in any combination. */
const query: fc.Arbitrary<HistoryQuery> = fc.record({
  pattern,
  topic: maybe(topic),
  reverse: maybe(fc.boolean()),
  limit: fc.oneof(fc.constant(1000), fc.integer({ min: 0, max: 5 })),
  bytes: maybe(fc.integer({ min: 1, max: 60 })),
  fromTime: maybe(time),
  afterTime: maybe(time),
  beforeTime: maybe(time),
  untilTime: maybe(time),
  fromPublication: maybe(id),
  afterPublication: maybe(id),
  beforePublication: maybe(id),
  untilPublication: maybe(id),
  now: time,
});
const event = fc.record({
  topic,
  publishedAt: time,
  expiresAt: maybe(time),
  bytes: fc.integer({ min: 1, max: 30 }),
});
const bounds = fc.record({
  entries: fc.integer({ min: 1, max: 4 }),
  bytes: fc.integer({ min: 20, max: 80 }),
});

for (const sample of HISTORY_STORES) {
  historyStoreContract({ describe, it }, sample);

  describe(`the history store ${sample.engine}, compared with a filter over a list`, () => {
    it('answers all keywords of [WAMP AP Event History] alike, and is as honest about what it forgot', () =>
      fc.assert(
        fc.asyncProperty(
          fc.array(event, { maxLength: 12 }),
          bounds,
          fc.array(query, { minLength: 4, maxLength: 8 }),
          async (events, kept, queries) => {
            const { store, close } = await sample.open();
            const model = new HistoryModel();
            try {
              for (const [at, wishes] of events.entries()) {
                // Ids are random in a router: their order says nothing.
                const publication = samplePublication({ ...wishes, id: ((at * 5) % 13) + 1 });
                await store.append('realm1', publication, kept);
                model.append(publication, kept);
              }
              for (const asked of queries) {
                const is = await store.read('realm1', asked);
                const shouldBe = model.read(asked);
                const ids = ({ publications }: typeof is) => publications.map((found) => found.id);
                expect([ids(is), is.complete]).toEqual([ids(shouldBe), shouldBe.complete]);
              }
            } finally {
              await close();
            }
          },
        ),
        { numRuns: 200 },
      ));
  });
}
