import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { RealmBed, exact, publish, subscribe } from '../../../test/support/realm-bed.js';
import type { RecordingEndpoint } from '../../testing/index.js';
import type { Action, Decision, Pattern, Principal } from '../index.js';
import { AuthorizerBusy } from '../index.js';

let bed: RealmBed;
/** Answers later from the moment on in which this is set. */
let slow: boolean;
/** What is asked about and was not answered yet. */
let open: {
  readonly text: string;
  readonly answer: (decision: Decision) => void;
  readonly busy: () => void;
}[];
let most: number;

const authorizer = {
  decide(_principal: Principal, _action: Action, { text }: Pattern): Decision | Promise<Decision> {
    if (!slow) return { allow: true };
    return new Promise((answer, reject) => {
      open.push({ text, answer, busy: () => reject(new AuthorizerBusy('too much')) });
      most = Math.max(most, open.length);
    });
  },
};

beforeEach(() => {
  slow = false;
  open = [];
  most = 0;
  bed = new RealmBed({ authorizer });
});

afterEach(() => {
  slow = false;
  bed.end();
});

async function settled(): Promise<void> {
  for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
}

/** Answers all questions, those that come meanwhile too; the topics in the order in which they were asked about. */
async function answerAll(decide: (text: string) => Decision): Promise<string[]> {
  const asked: string[] = [];
  for (;;) {
    await settled();
    const question = open.shift();
    if (question === undefined) return asked;
    asked.push(question.text);
    question.answer(decide(question.text));
  }
}

function holders(count: number, each: number): RecordingEndpoint[] {
  return Array.from({ length: count }, (_, at) => {
    const made = bed.endpoint();
    for (let topic = 0; topic < each; topic += 1) subscribe(made, `t.${at}.${topic}`);
    made.take();
    return made;
  });
}

describe('what is held, when rules change', () => {
  it('A9 A14: is asked about a few at a time, all of it, and what is allowed stays', async () => {
    const all = holders(20, 100);
    slow = true;
    bed.broker.reauthorize();
    const asked = await answerAll((text) => ({ allow: text !== 't.19.99' }));
    expect([asked.length, new Set(asked).size, most]).toEqual([2000, 2000, 64]);
    expect(all.flatMap((each) => each.take())).toEqual(['revoked subscription']);
    expect(bed.broker.stats.subscriptions).toBe(1999);
  });

  it('A9 A14: stays where the authorizer has too much to do, and is asked about again', async () => {
    const [eve] = holders(1, 2) as [RecordingEndpoint];
    slow = true;
    bed.broker.reauthorize();
    for (const { busy } of open.splice(0)) busy();
    await settled();
    expect([eve.take(), open]).toEqual([[], []]);
    bed.services.clock.advance(1200);
    expect(await answerAll((text) => ({ allow: text === 't.0.0' }))).toEqual(['t.0.0', 't.0.1']);
    expect(eve.take()).toEqual(['revoked subscription']);
  });

  it('A9: keeps its turn if rules change again before it was asked about', async () => {
    holders(1, 100);
    slow = true;
    bed.broker.reauthorize();
    bed.broker.reauthorize();
    const asked = await answerAll(() => ({ allow: true }));
    expect(asked).toHaveLength(164);
    expect(asked.slice(64, 100)).toEqual(Array.from({ length: 36 }, (_, at) => `t.0.${at + 64}`));
  });

  it('A9: is not asked about any more once its session is over', async () => {
    const [eve] = holders(1, 100) as [RecordingEndpoint];
    slow = true;
    bed.broker.reauthorize();
    eve.attachment.detach();
    expect(await answerAll(() => ({ allow: true }))).toHaveLength(64);
  });

  it('A9 A14: is asked about a few at a time where its owners are away', async () => {
    const eve = bed.endpoint({ authid: 'eve' });
    for (let at = 0; at < 200; at += 1) {
      const binding = exact(`kept.${at}`);
      eve.attachment.consume({}, { key: `d${at}`, queue: `mine${at}`, binding, settling: 'explicit' });
    }
    eve.attachment.detach();
    slow = true;
    bed.broker.reauthorize();
    const asked = await answerAll((text) => ({ allow: text !== 'kept.199' }));
    expect([asked.length, most]).toEqual([200, 64]);
    slow = false;
    const root = bed.endpoint();
    publish(root, 'kept.198');
    publish(root, 'kept.199');
    const back = bed.endpoint({ authid: 'eve' });
    const consume = (at: number): void => {
      const binding = exact(`kept.${at}`);
      back.attachment.consume({}, { key: `d${at}`, queue: `mine${at}`, binding, settling: 'explicit' });
    };
    for (let at = 0; at < 200; at += 1) consume(at);
    expect(back.take().filter((told) => told.startsWith('consumed'))).toEqual(['consumed mine198 ']);
    for (let at = 0; at < 200; at += 1)
      back.attachment.release({}, back.attachment.consumers.get(`d${at}`), true);
  });
});
