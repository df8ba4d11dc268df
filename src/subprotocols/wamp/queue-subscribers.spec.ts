import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { message } from '../../../test/support/queue-bed.js';
import { turns } from '../../../test/support/slow-queue-store.js';
import { WampQueueBed, jobsOf } from '../../../test/support/wamp-queues.js';
import { RecordingEndpoint } from '../../testing/index.js';

const bed = new WampQueueBed();

beforeEach(() => bed.start());

afterEach(() => bed.end());

describe('SUBSCRIBE with _queue', () => {
  it('is given messages as EVENTs, which are done when they are sent', () => {
    const subscriber = bed.peers.join().send('[32,1,{"_queue":true},"jobs"]');
    expect(subscriber.take()).toEqual(['[33,1,1002]']);
    const producer = bed.peers.join();
    producer.send('[16,1,{"_queue":true,"disclose_me":true,"_headers":{"a":"1"}},"jobs",["x"]]');
    expect(subscriber.take()).toEqual([
      '[36,1002,1004,{"_attempt":1,"publisher":1003,"publisher_authid":"anonymous",' +
        '"publisher_authrole":"anonymous","_headers":{"a":"1"}},["x"]]',
    ]);
    subscriber.disconnect();
    expect(bed.peers.join().send('[32,1,{"_queue":true},"jobs"]').takeParsed().length).toBe(1);
  });

  it('competes with other consumers of both kinds', () => {
    const { worker, producer } = bed.pair();
    const subscriber = bed.peers.join().send('[32,1,{"_queue":true},"jobs"]');
    subscriber.take();
    for (let n = 1; n <= 4; n += 1) producer.send(`[16,${n},{"_queue":true},"jobs",[${n}]]`);
    expect([worker.take().length, subscriber.take().length]).toEqual([2, 2]);
  });

  it('WAMP-68: is the same subscription if it is asked for again, and another than the topic', () => {
    const peer = bed.peers
      .join()
      .send('[32,1,{"_queue":true},"jobs"]', '[32,2,{"_queue":true},"jobs"]', '[32,3,{},"jobs"]');
    expect(peer.take()).toEqual(['[33,1,1002]', '[33,2,1002]', '[33,3,1]']);
    peer.send('[16,4,{"_queue":true},"jobs"]');
    expect(peer.takeParsed().map((event) => event.slice(0, 2))).toEqual([[36, 1002]]);
  });

  it('ends by UNSUBSCRIBE', () => {
    const peer = bed.peers.join().send('[32,1,{"_queue":true},"jobs"]', '[34,2,1002]', '[34,3,1002]');
    expect(peer.takeParsed().map(([code, , , , uri]) => uri ?? code)).toEqual([
      33,
      35,
      'wamp.error.no_such_subscription',
    ]);
    peer.send('[16,4,{"_queue":true},"jobs"]');
    expect(peer.take()).toEqual([]);
  });

  it('takes _priority and _exclusive', () => {
    const first = bed.peers.join().send('[32,1,{"_queue":true,"_exclusive":true,"_priority":3},"jobs"]');
    const second = bed.peers.join().send('[32,1,{"_queue":true},"jobs"]');
    expect([first.takeParsed()[0]?.[0], second.takeParsed()[0]?.[4]]).toEqual([33, 'wamp.error.unavailable']);
  });

  it.each([
    ['"_queue":"yes"', '_queue must be a boolean.'],
    ['"_queue":true,"_priority":"x"', '_priority must be a whole number from -1000000 to 1000000.'],
    ['"_queue":true,"match":"prefix"', 'A queue is consumed by its whole name: match must be exact.'],
  ])('is refused with invalid_argument for {%s}', (options, reason) => {
    const peer = bed.peers.join().send(`[32,1,{${options}},"jobs"]`);
    expect(peer.take()).toEqual([`[8,32,1,{},"wamp.error.invalid_argument",["${reason}"]]`]);
  });

  it('is answered once each while the authorizer thinks', async () => {
    let allow = (): void => {};
    bed.start({
      authorizer: { decide: () => new Promise((resolve) => (allow = () => resolve({ allow: true }))) },
    });
    const peer = bed.peers.join().send('[32,1,{"_queue":true},"jobs"]', '[32,2,{"_queue":true},"jobs"]');
    expect(peer.take()).toEqual([]);
    allow();
    await turns();
    expect(peer.take()).toEqual(['[33,1,1002]', '[33,2,1002]']);
  });
});

describe('the answer of a callee that is unavailable', () => {
  it('reaches the caller of a procedure unchanged, since nobody else has it, and is bed.counted', () => {
    const callee = bed.peers.join().send('[64,1,{},"com.a"]');
    const caller = bed.peers.join().send('[48,7,{},"com.a"]');
    callee.send('[8,68,1,{},"wamp.error.unavailable",["busy"],{"k":1}]');
    expect(caller.take()).toEqual(['[8,48,7,{},"wamp.error.unavailable",["busy"],{"k":1}]']);
    expect(bed.counted.filter((name) => name === 'wamp.calls_not_taken').length).toBe(1);
  });
});

describe('a consumer that takes no more for now', () => {
  it.each(['[64,1,{},"queue.jobs"]', '[32,1,{"_queue":true},"jobs"]'])(
    'leaves messages in their queue until there is room (%s)',
    (message) => {
      const consumer = bed.peers.join().send(message);
      consumer.take();
      consumer.link.congested = true;
      const producer = bed.peers.join();
      for (const n of [1, 2, 3]) producer.send(`[16,${n},{"_queue":true},"jobs",[${n}]]`);
      expect(consumer.takeParsed().map((sent) => sent.at(-1))).toEqual([[1]]);
      consumer.link.congested = false;
      consumer.session.drained();
      expect(consumer.takeParsed().map((sent) => sent.at(-1))).toEqual([[2], [3]]);
    },
  );
});

describe('a server that shuts down', () => {
  it('lets a worker finish what it has until GOODBYE, and gives it no more', () => {
    const { worker, producer } = bed.pair('{"_credit":1}');
    for (const n of [1, 2]) producer.send(`[16,${n},{"_queue":true},"jobs",[${n}]]`);
    expect(jobsOf(worker)).toEqual([[68, 1, [1]]]);
    bed.peers.services.brokers.get('realm1')?.drain();
    worker.send('[70,1,{}]');
    expect(worker.take()).toEqual([]);
    expect([worker.closedAs, bed.peers.services.brokers.get('realm1')?.stats.deliveries]).toEqual([
      undefined,
      0,
    ]);
  });
});

describe('a message whose sender lets itself be shown', () => {
  /** What a subscriber and a callee are told about the sender, with these features. */
  function shownWith(features: object): object[] {
    const sender = new RecordingEndpoint(bed.peers.services.brokers.get('realm1')!);
    const receivers = ['[32,1,{"_queue":true},"jobs"]', '[64,1,{},"queue.jobs"]'].map((request) =>
      bed.peers.join(undefined, { features }).send(request),
    );
    for (const peer of receivers) {
      peer.take();
      sender.attachment.enqueue({}, { ...message('jobs', 'x'), disclose: true });
    }
    const details = receivers.map((peer) => peer.takeParsed()[0]?.[3] as object);
    sender.attachment.detach();
    return details;
  }

  const CALLER = { caller_authid: 'tester', caller_authrole: 'user' };
  const PUBLISHER = { publisher_authid: 'tester', publisher_authrole: 'user' };

  it('P20: shows it to who takes the message', () => {
    expect(shownWith({})).toMatchObject([PUBLISHER, CALLER]);
  });

  it.each([
    ['publisher_identification', []],
    ['caller_identification', ['publisher', 'publisher_authid', 'publisher_authrole']],
  ])('P20 WAMP-150: shows it to none of those from whom %s is kept', (name, shown) => {
    const told = shownWith({ [name]: false }).flatMap((details) => Object.keys(details));
    expect(told.filter((key) => /^(caller|publisher)/.test(key))).toEqual(shown);
    expect(told).toContain('_attempt');
  });
});
