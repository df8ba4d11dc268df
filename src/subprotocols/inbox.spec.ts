import { describe, expect, it } from '@jest/globals';
import { FakeLink, ManualClock } from '../testing/index.js';
import { Inbox } from './index.js';

function deferred(): { promise: Promise<void>; resolve: () => void; reject: (error: Error) => void } {
  let resolve = (): void => {};
  let reject = (_error: Error): void => {};
  const promise = new Promise<void>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}

const settled = async (): Promise<void> => {
  for (let i = 0; i < 5; i += 1) await Promise.resolve();
};

describe('Inbox', () => {
  it('processes at once while nothing is pending', () => {
    const clock = new ManualClock();
    const seen: number[] = [];
    const inbox = new Inbox<number>(new FakeLink(clock), clock, 10, (n) => void seen.push(n), fail);
    inbox.push(1);
    inbox.push(2);
    expect(seen).toEqual([1, 2]);
  });

  it('B16: keeps the order when an item waits for an admission, and pauses the link meanwhile', async () => {
    const clock = new ManualClock();
    const link = new FakeLink(clock);
    const gates = new Map([
      [2, deferred()],
      [4, deferred()],
    ]);
    const seen: number[] = [];
    const inbox = new Inbox<number>(
      link,
      clock,
      10,
      (n) => {
        const gate = gates.get(n);
        if (gate === undefined) seen.push(n);
        return gate?.promise.then(() => void seen.push(n));
      },
      fail,
    );
    for (const n of [1, 2, 3, 4, 5]) inbox.push(n);
    expect([seen, [...link.paused]]).toEqual([[1], ['admission']]);
    gates.get(2)!.resolve();
    await settled();
    expect([seen, [...link.paused]]).toEqual([[1, 2, 3], ['admission']]);
    gates.get(4)!.resolve();
    await settled();
    expect([seen, [...link.paused]]).toEqual([[1, 2, 3, 4, 5], []]);
  });

  it('W16: gives way to other connections when its slice of time is used up', () => {
    const clock = new ManualClock();
    const link = new FakeLink(clock);
    let processed = 0;
    const inbox = new Inbox<number>(
      link,
      clock,
      10,
      () => {
        processed += 1;
        clock.advanceWithin(1);
        return undefined;
      },
      fail,
    );
    for (let i = 0; i < 200; i += 1) inbox.push(i);
    expect(processed).toBeLessThan(200);
    expect([...link.paused]).toEqual(['slice']);
    clock.flush();
    expect([processed, [...link.paused]]).toEqual([200, []]);
  });

  it('B12 W16: gives way after one item that may take long and did, and keeps the order', () => {
    const clock = new ManualClock();
    const link = new FakeLink(clock);
    const seen: (number | string)[] = [];
    const process = (n: number): undefined => {
      if (n % 2 === 0) inbox.expectDear();
      seen.push(n);
      clock.advanceWithin(n % 2 === 0 ? 20 : 0);
      clock.defer(() => seen.push('others'));
      return undefined;
    };
    const inbox = new Inbox<number>(link, clock, 10, process, fail);
    for (const n of [1, 2, 3, 4, 5]) inbox.push(n);
    expect([seen, [...link.paused]]).toEqual([[1, 2], ['slice']]);
    clock.flush();
    const turns = seen
      .join(' ')
      .split(/ ?others ?/)
      .filter((turn) => turn !== '');
    expect([turns, [...link.paused]]).toEqual([['1 2', '3 4', '5'], []]);
  });

  it('B12: looks at the clock once for sixteen items that do not', () => {
    const clock = new ManualClock();
    let looks = 0;
    const now = (): number => {
      looks += 1;
      return clock.now();
    };
    const counting = { now, wallTime: () => 0, schedule: clock.schedule, defer: () => {} };
    const inbox = new Inbox<number>(new FakeLink(clock), counting, 10, () => undefined, fail);
    for (let n = 0; n < 160; n += 1) inbox.push(n);
    expect(looks).toBe(10);
  });

  it('processes nothing after its close', async () => {
    const clock = new ManualClock();
    const gate = deferred();
    const seen: number[] = [];
    const inbox = new Inbox<number>(
      new FakeLink(clock),
      clock,
      10,
      (n) => {
        seen.push(n);
        return n === 1 ? gate.promise : undefined;
      },
      fail,
    );
    inbox.push(1);
    inbox.push(2);
    inbox.close();
    gate.resolve();
    await settled();
    inbox.push(3);
    expect(seen).toEqual([1]);
  });

  it('reports an admission that rejects', async () => {
    const clock = new ManualClock();
    const gate = deferred();
    const errors: unknown[] = [];
    const inbox = new Inbox<number>(
      new FakeLink(clock),
      clock,
      10,
      () => gate.promise,
      (error) => errors.push(error),
    );
    inbox.push(1);
    gate.reject(new Error('broken'));
    await settled();
    expect(errors).toEqual([new Error('broken')]);
  });
});

function fail(error: unknown): void {
  throw error instanceof Error ? error : new Error(String(error));
}
