import { describe, expect, it } from '@jest/globals';
import { Observable, Subject, of, throwError } from 'rxjs';
import { ObservableStream, withErrors } from './observable-stream.js';

async function read(values: AsyncIterable<unknown>): Promise<unknown[]> {
  const all: unknown[] = [];
  for await (const value of values) all.push(value);
  return all;
}

async function* generator(): AsyncGenerator<number, number> {
  yield 1;
  yield 2;
  return 3;
}

describe('ObservableStream', () => {
  it('gives every value in order, also those that come faster than they are read', async () => {
    expect(await read(new ObservableStream(of(1, 2, 3)))).toEqual([1, 2, 3]);
  });

  it('subscribes when it is read, and once for each reader', async () => {
    let subscribed = 0;
    const stream = new ObservableStream(
      new Observable((subscriber) => {
        subscribed += 1;
        subscriber.complete();
      }),
    );
    expect(subscribed).toBe(0);
    await read(stream);
    await read(stream);
    expect(subscribed).toBe(2);
  });

  it('gives the values before an error, then the error', async () => {
    const source = new Observable((subscriber) => {
      subscriber.next(1);
      subscriber.error(new Error('broken'));
    });
    const reader = new ObservableStream(source)[Symbol.asyncIterator]();
    expect(await reader.next()).toEqual({ done: false, value: 1 });
    await expect(reader.next()).rejects.toThrow('broken');
  });

  it('unsubscribes as soon as the reader stops, though it waits for a value', async () => {
    const source = new Subject();
    const reader = new ObservableStream(source)[Symbol.asyncIterator]();
    const next = reader.next();
    expect(source.observed).toBe(true);
    await reader.return?.();
    expect(source.observed).toBe(false);
    expect(await next).toEqual({ done: true, value: undefined });
  });

  it('reads a generator in the place of a value, what it returns included', async () => {
    expect(await read(new ObservableStream(of(0, generator(), 4)))).toEqual([0, 1, 2, 3, 4]);
  });

  it('stops a generator that it reads', async () => {
    let stopped = false;
    async function* endless(): AsyncGenerator<number> {
      try {
        for (;;) yield 1;
      } finally {
        stopped = true;
      }
    }
    const reader = new ObservableStream(of(endless()))[Symbol.asyncIterator]();
    await reader.next();
    await reader.return?.();
    expect(stopped).toBe(true);
  });
});

describe('withErrors', () => {
  const changed = withErrors(new ObservableStream(throwError(() => new Error('one'))), (error) =>
    Promise.resolve(new Error(`another than ${(error as Error).message}`)),
  );

  it('gives another error in the place of one', async () => {
    await expect(read(changed)).rejects.toThrow('another than one');
  });

  it('passes values, results and the stop on', async () => {
    const reader = withErrors(generator(), () => Promise.reject(new Error('never')))[Symbol.asyncIterator]();
    expect(await reader.next()).toEqual({ done: false, value: 1 });
    expect(await reader.next()).toEqual({ done: false, value: 2 });
    expect(await reader.next()).toEqual({ done: true, value: 3 });
    const stopped = withErrors(generator(), () => Promise.reject(new Error('never')))[Symbol.asyncIterator]();
    await stopped.next();
    await stopped.return?.();
    expect((await stopped.next()).done).toBe(true);
  });
});
