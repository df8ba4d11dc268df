import { describe, expect, it } from '@jest/globals';
import { HistoryRules } from './history.js';

describe('the rules of histories', () => {
  it('go by the first that matches, with the defaults where a rule says nothing', () => {
    const rules = new HistoryRules([
      { match: 'orders.urgent', entries: 5 },
      { match: 'orders.*', bytes: 1000 },
      { match: 'audit.#' },
    ]);
    const said = ['orders.urgent', 'orders.late', 'audit', 'orders', 'orders.a.b'].map((topic) =>
      rules.boundsOf(topic),
    );
    expect(said).toEqual([
      { entries: 5, bytes: 1_048_576 },
      { entries: 100, bytes: 1000 },
      { entries: 100, bytes: 1_048_576 },
      undefined,
      undefined,
    ]);
    // The same again, now that it is remembered.
    expect([rules.boundsOf('orders.urgent')?.entries, rules.boundsOf('orders')]).toEqual([5, undefined]);
  });

  it('are right for more topics than are remembered', () => {
    const rules = new HistoryRules([{ match: 'a.*' }]);
    for (let at = 0; at < 10_000; at += 1) {
      expect(rules.boundsOf(`a.${at}`)).toBeDefined();
      expect(rules.boundsOf(`b.${at}`)).toBeUndefined();
    }
  });

  it('may be none', () => {
    const rules = new HistoryRules([]);
    expect([rules.none, rules.boundsOf('a')]).toEqual([true, undefined]);
  });
});
