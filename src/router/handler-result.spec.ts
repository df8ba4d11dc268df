import { describe, expect, it } from '@jest/globals';
import { ManualClock } from '../testing/index.js';
import { isAsyncIterable, lastValueOf } from './handler-result.js';

const microtasks = (): Promise<void> => new Promise((go) => setImmediate(go));

/** A stream that the test feeds by hand. */
class Feed implements AsyncIterable<unknown>, AsyncIterator<unknown> {
  readonly #waiting: ((result: IteratorResult<unknown>) => void)[] = [];
  returned = 0;

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<unknown>> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  return(): Promise<IteratorResult<unknown>> {
    this.returned += 1;
    return Promise.resolve({ done: true, value: undefined });
  }

  async say(value: unknown): Promise<void> {
    this.#waiting.shift()?.({ done: false, value });
    await microtasks();
  }

  async finish(): Promise<void> {
    this.#waiting.shift()?.({ done: true, value: undefined });
    await microtasks();
  }
}

function listener(abort = new AbortController()) {
  const clock = new ManualClock();
  const told: unknown[] = [];
  const reported: unknown[] = [];
  const parts = {
    clock,
    signal: abort.signal,
    progress: (value: unknown) => void told.push(value),
    report: (error: unknown) => void reported.push(error),
  };
  return { clock, told, reported, parts, abort };
}

describe('lastValueOf', () => {
  it('tells all but the last value of a stream that ends in the turn of its last value', async () => {
    const { parts, told } = listener();
    async function* values() {
      yield 1;
      yield 2;
      yield 3;
    }
    expect(await lastValueOf(values(), parts)).toBe(3);
    expect(told).toEqual([1, 2]);
  });

  it('tells a value at the end of its turn if the stream goes on, and gives it again as the result', async () => {
    const { parts, told, clock } = listener();
    const feed = new Feed();
    const last = lastValueOf(feed, parts);
    await feed.say('one');
    expect(told).toEqual([]);
    clock.flush();
    expect(told).toEqual(['one']);
    await feed.finish();
    expect([await last, told]).toEqual(['one', ['one']]);
  });

  it('gives what a generator returns, after all that it yielded', async () => {
    const { parts, told } = listener();
    async function* values() {
      yield 1;
      yield 2;
      return 'sum';
    }
    expect(await lastValueOf(values(), parts)).toBe('sum');
    expect(told).toEqual([1, 2]);
  });

  it('gives nothing for a stream without values', async () => {
    async function* values() {}
    expect(await lastValueOf(values(), listener().parts)).toBeUndefined();
  });

  it('gives the last value only, if nobody asked for the others', async () => {
    const { parts } = listener();
    async function* values() {
      yield 1;
      yield 2;
    }
    expect(await lastValueOf(values(), { ...parts, progress: undefined })).toBe(2);
  });

  it('tells what came before an error, then rejects with it', async () => {
    const { parts, told } = listener();
    async function* values() {
      yield 1;
      throw new Error('broken');
    }
    await expect(lastValueOf(values(), parts)).rejects.toThrow('broken');
    expect(told).toEqual([1]);
  });

  it('stops a stream while its next value is awaited, once', async () => {
    const { parts, told, abort, clock } = listener();
    const feed = new Feed();
    const last = lastValueOf(feed, parts);
    await feed.say(1);
    clock.flush();
    abort.abort(new Error('enough'));
    await expect(last).rejects.toThrow('enough');
    await feed.say(2);
    clock.flush();
    expect([told, feed.returned]).toEqual([[1], 1]);
  });

  it('asks a stream for nothing if it was stopped before it began', async () => {
    const { parts, abort } = listener();
    abort.abort(new Error('enough'));
    const feed = new Feed();
    await expect(lastValueOf(feed, parts)).rejects.toThrow('enough');
    expect(feed.returned).toBe(1);
  });

  it('reports what a stream throws when it is stopped', async () => {
    const { parts, abort, reported } = listener();
    const feed = new Feed();
    feed.return = () => Promise.reject(new Error('cannot stop'));
    const last = lastValueOf(feed, parts);
    abort.abort(new Error('enough'));
    await expect(last).rejects.toThrow('enough');
    await microtasks();
    expect(reported).toEqual([new Error('cannot stop')]);
  });

  it('lets others have their turn after 64 values of an endless stream', async () => {
    const { parts, abort, told, clock } = listener();
    async function* values() {
      for (let value = 1; ; value += 1) yield value;
    }
    const last = lastValueOf(values(), parts);
    await microtasks();
    clock.flush();
    expect(told).toHaveLength(64);
    abort.abort(new Error('enough'));
    await expect(last).rejects.toThrow('enough');
  });
});

describe('isAsyncIterable', () => {
  it('knows streams from other values', () => {
    async function* values() {}
    expect([values(), [1], 'text', null, undefined, {}].map(isAsyncIterable)).toEqual([
      true,
      false,
      false,
      false,
      false,
      false,
    ]);
  });
});
