import { beforeEach, describe, expect, it } from '@jest/globals';
import { noInstrumentation } from '../../broker/index.js';
import { Committer } from './committer.js';
import type { Task } from './committer.js';
import type { Change, Environment } from './environment.js';
import type { Room } from './room.js';

interface Write {
  readonly keys: readonly string[];
  done(): void;
  fail(error: Error): void;
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await turn();
}

describe('the group commit of the LMDB engine', () => {
  let writes: Write[];
  let hasRoom: (isGrowth: boolean) => boolean;
  let failures: string[];
  let told: string[];
  let committer: Committer;

  beforeEach(() => {
    writes = [];
    failures = [];
    told = [];
    hasRoom = () => true;
    const write = (changes: readonly Change[]): Promise<void> =>
      new Promise((done, fail) =>
        writes.push({ keys: changes.map(({ key }) => key.toString()), done, fail }),
      );
    committer = new Committer({
      environment: { write } as unknown as Environment,
      room: { make: (_: number, isGrowth: boolean) => hasRoom(isGrowth) } as unknown as Room,
      deadlineMs: 50,
      instrumentation: noInstrumentation,
      committed: () => told.push('committed'),
      failed: (why) => failures.push(why),
    });
  });

  const task = (name: string, grows = true): Task => ({
    grows,
    bytes: 10,
    apply: (changes) => changes.put('messages', Buffer.from(name), Buffer.from('value')),
  });
  const submit = (name: string, grows = true): Promise<void> =>
    committer.submit(task(name, grows)).then(
      () => void told.push(`${name} done`),
      (error: { readonly code: string }) => void told.push(`${name} ${error.code}`),
    );

  it('D1: makes one task of what is asked for together: never in two transactions, refused as a whole', async () => {
    const free = submit('a');
    const all: Promise<void>[] = [];
    committer.together(() => all.push(submit('b', false), submit('c')));
    await turn();
    expect(writes.map(({ keys }) => keys)).toEqual([['a', 'b', 'c']]);
    writes[0]!.done();
    await Promise.all([free, ...all]);
    expect(told).toEqual(['committed', 'a done', 'b done', 'c done']);
    hasRoom = (isGrowth) => !isGrowth;
    const some: Promise<void>[] = [];
    committer.together(() => some.push(submit('d', false), submit('e')));
    await Promise.all(some);
    expect(told.slice(4)).toEqual(['d full', 'e full']);
    expect(writes).toHaveLength(1);
  });

  it('makes one transaction of what is asked for in one turn', async () => {
    const all = [submit('a'), submit('b'), submit('c')];
    await turn();
    expect(writes.map(({ keys }) => keys)).toEqual([['a', 'b', 'c']]);
    writes[0]!.done();
    await Promise.all(all);
    expect(told).toEqual(['committed', 'a done', 'b done', 'c done']);
  });

  it('makes one more of what is asked for while it is on its way, and not before', async () => {
    const all = [submit('a')];
    await turn();
    all.push(submit('b'));
    await turn();
    all.push(submit('c'));
    await turn();
    expect(writes).toHaveLength(1);
    writes[0]!.done();
    await until(() => writes.length === 2);
    expect(writes.map(({ keys }) => keys)).toEqual([['a'], ['b', 'c']]);
    writes[1]!.done();
    await Promise.all(all);
  });

  it('D4: refuses what needs room where there is none, and keeps the others until there is', async () => {
    hasRoom = (isGrowth) => !isGrowth;
    const all = [submit('a'), submit('b', false), submit('c')];
    await until(() => writes.length === 1);
    expect(writes.map(({ keys }) => keys)).toEqual([['b']]);
    writes[0]!.done();
    await Promise.all(all);
    expect(told.sort()).toEqual(['a full', 'b done', 'c full', 'committed']);
  });

  it('D3: refuses all that waits and all that comes once a write has failed', async () => {
    const all = [submit('a')];
    await turn();
    all.push(submit('b'));
    writes[0]!.fail(new Error('Input/output error'));
    await Promise.all(all);
    await submit('c');
    expect(told).toEqual(['a failed', 'b failed', 'c failed']);
    expect([committer.failure, failures]).toEqual(['Input/output error', ['Input/output error']]);
    await committer.idle();
  });

  it('D5: does so if a write is not done in time, and does not confirm it later', async () => {
    const a = submit('a');
    await a;
    expect([told, failures]).toEqual([['a failed'], ['A commit was not done within 50 ms.']]);
    expect(committer.isHanging).toBe(true);
    writes[0]!.done();
    await turn();
    expect([told, committer.isHanging]).toEqual([['a failed'], false]);
  });

  it('refuses a task that cannot say what it changes, and no other one', async () => {
    const faulty = { ...task('b'), apply: () => expect(true).toBe(false) };
    const refused = committer.submit(faulty).catch(() => told.push('refused'));
    const a = submit('a');
    await until(() => writes.length === 1);
    expect(writes.map(({ keys }) => keys)).toEqual([['a']]);
    writes[0]!.done();
    await Promise.all([a, refused]);
    expect(told).toEqual(['refused', 'committed', 'a done']);
  });

  it('pauses between two transactions', async () => {
    const a = submit('a');
    await turn();
    const paused: string[] = [];
    committer.pause(async () => {
      paused.push('begun');
      await turn();
      paused.push('over');
    });
    const b = submit('b');
    await turn();
    expect(paused).toEqual([]);
    writes[0]!.done();
    await a;
    await until(() => writes.length === 2);
    expect(paused).toEqual(['begun', 'over']);
    writes[1]!.done();
    await b;
  });
});
