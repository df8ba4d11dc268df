import { afterEach, describe, expect, it } from '@jest/globals';
import { ALL, heard, listen, promptBed, say } from '../../../test/support/past-bed.js';
import type { RealmBed } from '../../../test/support/realm-bed.js';
import type { Payload } from '../index.js';

let bed: RealmBed;

afterEach(() => bed.end());

describe('a history', () => {
  it('is replayed since a publication, before what is live', () => {
    bed = promptBed();
    const [one, two] = [bed.endpoint(), bed.endpoint()];
    const [first] = ['1', '2', '3'].map((text) => say(one, 'h.a', text));
    listen(two, 'h.a', { replay: { kind: 'since', publication: first! } });
    say(one, 'h.a', '4');
    expect(heard(two)).toEqual(['subscribed recovered:true', '2', '3', '4']);
  });

  it('gives the last ones, over all topics of a pattern in the order of arrival', () => {
    bed = promptBed();
    const one = bed.endpoint();
    for (const [at, topic] of ['h.b', 'h.a', 'h.b', 'h.a.x'].entries()) say(one, topic, `${at}`);
    listen(one, 'h.#', { match: 'multi', replay: { kind: 'last', count: 3 } });
    expect(heard(one)).toEqual(['subscribed recovered:true', '1', '2', '3']);
  });

  it('says that something is missing, and gives what there is', () => {
    bed = promptBed();
    const one = bed.endpoint();
    const ids = ['1', '2', '3', '4', '5', '6'].map((text) => say(one, 'h.a', text));
    const since = (publication: number): string[] => {
      listen(one, 'h.a', { key: `${publication}`, replay: { kind: 'since', publication } });
      return heard(one);
    };
    expect(since(ids[1]!)).toEqual(['subscribed recovered:false', '3', '4', '5', '6']);
    expect(since(4711)).toEqual(['subscribed recovered:false', '3', '4', '5', '6']);
    expect(since(ids[2]!)).toEqual(['subscribed recovered:true', '4', '5', '6']);
    expect(since(ids[5]!)).toEqual(['subscribed recovered:true']);
  });

  it('B12: is looked through to the end, and others have their turn meanwhile', async () => {
    bed = promptBed({ history: [{ match: 'h.#' }] });
    const [one, two] = [bed.endpoint(), bed.endpoint()];
    const first = say(one, 'h.rare', '1');
    say(one, 'h.rare', '2');
    for (let at = 0; at < 5000; at += 1) say(one, `h.t${at % 900}`, 'x');
    listen(two, 'h.rare', { match: 'prefix', replay: { kind: 'since', publication: first } });
    say(one, 'h.rare', 'live');
    expect(heard(two)).toEqual([]);
    let turns = 0;
    for (; two.told.length === 0 && turns < 50; turns += 1) {
      bed.services.clock.flush();
      await new Promise((go) => setImmediate(go));
    }
    expect(heard(two)).toEqual(['subscribed recovered:true', '2', 'live']);
    // 5000 events, 2048 of them in one piece.
    expect(turns).toBe(2);
  });

  it('does not claim to know what happened to topics without a history', () => {
    bed = promptBed();
    const one = bed.endpoint();
    const id = say(one, 'h.a', '1');
    say(one, 'x.y', 'lost');
    say(one, 'h.a', '2');
    listen(one, '#', { match: 'multi', replay: { kind: 'since', publication: id } });
    listen(one, 'h', { match: 'prefix', replay: { kind: 'since', publication: id } });
    listen(one, 'h.', { match: 'prefix', replay: { kind: 'since', publication: id } });
    listen(one, 'x.y', { replay: ALL });
    expect(heard(one)).toEqual([
      'subscribed recovered:false',
      '2',
      'subscribed recovered:false',
      '2',
      'subscribed recovered:true',
      '2',
      'subscribed recovered:false',
    ]);
  });

  it('is bounded in number: the newest ones, and the outcome says so', () => {
    bed = promptBed({ brokerLimits: { replayMessages: 2 } });
    const one = bed.endpoint();
    const [first] = ['1', '2', '3', '4'].map((text) => say(one, 'h.a', text));
    listen(one, 'h.a', { key: 'since', replay: { kind: 'since', publication: first! } });
    listen(one, 'h.a', { key: 'last', replay: { kind: 'last', count: 3 } });
    listen(one, 'h.a', { key: 'fits', replay: { kind: 'last', count: 2 } });
    const cut = ['subscribed recovered:false', '3', '4'];
    expect(heard(one)).toEqual([...cut, ...cut, 'subscribed recovered:true', '3', '4']);
  });

  it('is bounded in bytes: the newest ones, and the outcome says so', () => {
    bed = promptBed({ brokerLimits: { replayBytes: 250 } });
    const one = bed.endpoint();
    const [first] = ['1', '2', '3', '4'].map((text) => say(one, 'h.a', text.repeat(100)));
    listen(one, 'h.a', { key: 'since', replay: { kind: 'since', publication: first! } });
    listen(one, 'h.a', { key: 'last', replay: ALL });
    const told = heard(one).map((text) => text.slice(0, 26));
    const cut = ['subscribed recovered:false', '3'.repeat(26), '4'.repeat(26)];
    expect(told).toEqual([...cut, ...cut]);
  });

  it('counts the last ones that the subscriber may see and wants', () => {
    bed = promptBed({ history: [{ match: 'h.#' }] });
    const one = bed.endpoint();
    for (let at = 0; at < 10; at += 1) {
      say(
        one,
        'h.a',
        `${at}`,
        at % 5 === 0 ? {} : { audience: { exclude: { authids: new Set(['tester']) } } },
      );
    }
    const odd = { accepts: ({ payload }: { payload: Payload }) => Number(payload.body().bytes[0]) % 2 === 1 };
    listen(one, 'h.a', { key: 'all', replay: { kind: 'last', count: 2 } });
    listen(one, 'h.a', { key: 'odd', filter: odd, replay: { kind: 'last', count: 1 } });
    listen(one, 'h.a', { key: 'more', replay: { kind: 'last', count: 9 } });
    expect(heard(one)).toEqual([
      'subscribed recovered:true',
      '0',
      '5',
      'subscribed recovered:true',
      '5',
      'subscribed recovered:true',
      '0',
      '5',
    ]);
  });

  it('does not hold what was for certain sessions, nor what comes to nobody any more', () => {
    bed = promptBed();
    const one = bed.endpoint();
    const { session } = one.attachment;
    say(one, 'h.a', 'eligible', { audience: { eligible: { sessions: new Set([session]) } } });
    say(one, 'h.a', 'excluded', { audience: { exclude: { sessions: new Set([1]) } } });
    say(one, 'h.a', 'by name', { audience: { eligible: { authids: new Set(['tester']) } } });
    say(one, 'h.a', 'short', { expiresAt: bed.services.clock.wallTime() + 1000 });
    bed.services.clock.advance(1000);
    listen(one, 'h.a', { replay: ALL });
    expect(heard(one)).toEqual(['subscribed recovered:true', 'by name']);
  });

  it('and retained events together tell nothing twice', () => {
    bed = promptBed();
    const one = bed.endpoint();
    say(one, 'x.kept', 'kept', { retain: true });
    say(one, 'h.a', '1', { retain: true });
    say(one, 'h.a', '2');
    listen(one, '#', { match: 'multi', retained: true, replay: ALL });
    expect(heard(one)).toEqual(['subscribed recovered:false', '*kept', '1', '2']);
  });
});

describe('a slow endpoint', () => {
  it('is given its replay as it takes it, and what is live after it', () => {
    bed = promptBed({ brokerLimits: { backlogMessages: 3 } });
    const [one, two] = [bed.endpoint(), bed.endpoint()];
    for (const text of ['1', '2', '3', '4']) say(one, 'h.a', text);
    for (let at = 0; at < 9; at += 1) say(one, `r.${at}`, `r${at}`, { retain: true });
    two.room = 2;
    listen(two, 'r.', { match: 'wildcard', retained: true });
    listen(two, 'h.a', { replay: ALL });
    listen(two, 'plain');
    say(one, 'plain', 'plain');
    say(one, 'h.a', '5');
    say(one, 'r.0', 'live');
    expect(heard(two)).toEqual(['subscribed', '*r0', '*r1', 'subscribed']);
    two.room = 3;
    two.attachment.resume();
    expect(heard(two)).toEqual(['plain', '*r2', '*r3']);
    two.room = 100;
    two.attachment.resume();
    expect(heard(two)).toEqual([
      '*r4',
      '*r5',
      '*r6',
      '*r7',
      '*r8',
      'live',
      'subscribed recovered:false',
      '2',
      '3',
      '4',
      '5',
    ]);
  });

  it('is evicted when more is held than may be kept back', () => {
    bed = promptBed({ brokerLimits: { backlogMessages: 3 } });
    const [one, two] = [bed.endpoint(), bed.endpoint()];
    say(one, 'a', 'kept', { retain: true });
    say(one, 'b', 'kept', { retain: true });
    two.room = 1;
    for (const topic of ['a', 'b']) listen(two, topic, { retained: true });
    for (const text of ['1', '2', '3']) say(one, 'b', text);
    expect(heard(two)).toEqual(['subscribed', '*kept', 'subscribed']);
    say(one, 'b', '4');
    expect(heard(two)).toEqual(['evicted']);
  });
});
