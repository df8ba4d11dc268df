import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { WampQueueBed, jobsOf } from '../../../test/support/wamp-queues.js';

const bed = new WampQueueBed();

beforeEach(() => bed.start());

afterEach(() => bed.end());

describe('a callee registered on queue.<name>', () => {
  it('is given each message as an INVOCATION', () => {
    const { worker, producer } = bed.pair();
    producer.send('[16,1,{"_queue":true},"jobs",["a",1],{"k":null}]');
    expect(worker.take()).toEqual([
      '[68,1,1002,{"procedure":"queue.jobs","_publication":1004,"_attempt":1},["a",1],{"k":null}]',
    ]);
    expect(producer.take()).toEqual([]);
  });

  it('is given what waited for it, in order', () => {
    const producer = bed.peers.join();
    for (const n of [1, 2, 3]) producer.send(`[16,${n},{"_queue":true},"jobs",[${n}]]`);
    const worker = bed.peers.join().send('[64,1,{},"queue.jobs"]');
    expect(jobsOf(worker).map(([code, , args]) => [code, args])).toEqual([
      [65, undefined],
      [68, [1]],
      [68, [2]],
      [68, [3]],
    ]);
    worker.send('[70,1,{}]', '[70,2,{}]', '[70,3,{}]');
  });

  it('is told who sent it if the sender says so, and its headers', () => {
    const { worker, producer } = bed.pair();
    producer.send('[16,1,{"_queue":true,"disclose_me":true,"_headers":{"a":"1"}},"jobs"]');
    expect(worker.take()).toEqual([
      '[68,1,1002,{"procedure":"queue.jobs","_publication":1004,"_attempt":1,"caller":1003,' +
        '"caller_authid":"anonymous","caller_authrole":"anonymous","_headers":{"a":"1"}}]',
    ]);
  });

  it('acknowledges by YIELD: nobody is given the message again', () => {
    const { worker, producer } = bed.pair();
    producer.send('[16,1,{"_queue":true},"jobs"]');
    worker.send('[70,1,{},["ignored"]]');
    worker.disconnect();
    expect(bed.peers.join().send('[64,1,{},"queue.jobs"]').takeParsed().length).toBe(1);
    expect(producer.take()).toEqual([]);
  });

  it('may report progress, which acknowledges nothing and is told to nobody', () => {
    const { worker, producer } = bed.pair('{"_credit":1}');
    producer.send('[16,1,{"_queue":true},"jobs",[1]]', '[16,2,{"_queue":true},"jobs",[2]]');
    worker.send('[70,1,{"progress":true},["half"]]');
    expect(jobsOf(worker)).toEqual([[68, 1, [1]]]);
    worker.send('[70,1,{}]');
    expect(jobsOf(worker)).toEqual([[68, 2, [2]]]);
    expect(producer.take()).toEqual([]);
  });

  it('requeues by ERROR, bed.counted, and says so when it comes back', () => {
    const { worker, producer } = bed.pair();
    producer.send('[16,1,{"_queue":true},"jobs"]');
    worker.take();
    worker.send('[8,68,1,{},"com.example.error.failed",["why"]]');
    expect(worker.take()).toEqual([
      '[68,2,1002,{"procedure":"queue.jobs","_publication":1004,"_attempt":2,"_redelivered":true}]',
    ]);
  });

  it('gives back by ERROR wamp.error.unavailable, uncounted, and is left alone for a while', () => {
    const { worker, producer } = bed.pair();
    producer.send('[16,1,{"_queue":true},"jobs"]');
    worker.take();
    worker.send('[8,68,1,{},"wamp.error.unavailable"]');
    expect(worker.take()).toEqual([]);
    bed.peers.services.clock.advance(5000);
    expect(worker.take()).toEqual([
      '[68,2,1002,{"procedure":"queue.jobs","_publication":1004,"_attempt":1,"_redelivered":true}]',
    ]);
    worker.send('[70,2,{}]');
  });

  it('leaves what it gives back to somebody else at once', () => {
    const { worker, producer } = bed.pair();
    producer.send('[16,1,{"_queue":true},"jobs",["x"]]');
    const other = bed.peers.join().send('[64,1,{},"queue.jobs"]');
    other.take();
    worker.send('[8,68,1,{},"wamp.error.unavailable"]');
    expect(jobsOf(other)).toEqual([[68, 1, ['x']]]);
    other.send('[70,1,{}]');
  });

  it('sends a message to the dead letters after too many ERRORs, with the reason', () => {
    const { worker, producer } = bed.pair();
    producer.send('[16,1,{"_queue":true},"jobs",["poison"]]');
    const undertaker = bed.peers.join().send('[64,1,{},"queue.jobs.dead"]');
    undertaker.take();
    for (let attempt = 1; attempt <= 20; attempt += 1) {
      expect(worker.takeParsed().map((job) => (job[3] as { _attempt: number })._attempt)).toEqual([attempt]);
      worker.send(`[8,68,${attempt},{},"com.example.error.failed"]`);
      bed.peers.services.clock.advance(5000);
    }
    expect(worker.take()).toEqual([]);
    const [letter] = undertaker.takeParsed();
    expect(letter?.slice(4)).toEqual([['poison']]);
    expect(letter?.[3]).toMatchObject({
      procedure: 'queue.jobs.dead',
      _attempt: 1,
      _death_reason: 'delivery-limit',
      _death_queue: 'jobs',
      _death_count: 20,
      _death_time: expect.any(Number),
    });
    undertaker.send('[70,1,{}]');
  });

  it('loses what it has not answered when its connection is lost: the next one is told so', () => {
    const { worker, producer } = bed.pair();
    producer.send('[16,1,{"_queue":true},"jobs"]');
    worker.disconnect();
    const other = bed.peers.join().send('[64,1,{},"queue.jobs"]');
    expect(other.takeParsed()[1]?.[3]).toMatchObject({ _attempt: 2, _redelivered: true });
    other.send('[70,1,{}]');
  });

  it('loses what it has not answered by GOODBYE', () => {
    const { worker, producer } = bed.pair();
    producer.send('[16,1,{"_queue":true},"jobs"]');
    worker.send('[6,{},"wamp.close.close_realm"]');
    const other = bed.peers.join().send('[64,1,{},"queue.jobs"]');
    expect(other.takeParsed()[1]?.[3]).toMatchObject({ _redelivered: true });
    other.send('[70,1,{}]');
  });

  it('competes with those of other sessions', () => {
    const { worker, producer } = bed.pair();
    const other = bed.peers.join().send('[64,1,{},"queue.jobs"]');
    expect(other.takeParsed()[0]?.[0]).toBe(65);
    for (let n = 1; n <= 4; n += 1) producer.send(`[16,${n},{"_queue":true},"jobs",[${n}]]`);
    const [mine, theirs] = [jobsOf(worker), jobsOf(other)];
    expect([mine.length, theirs.length]).toEqual([2, 2]);
    expect([...mine, ...theirs].map(([, , args]) => args).sort()).toEqual([[1], [2], [3], [4]]);
    for (const peer of [worker, other]) peer.send('[70,1,{}]', '[70,2,{}]');
  });

  it('is refused with procedure_already_exists if its own session is registered', () => {
    const { worker } = bed.pair();
    worker.send('[64,2,{},"queue.jobs"]');
    expect(worker.take()).toEqual([
      '[8,64,2,{},"wamp.error.procedure_already_exists",["This session is registered for the queue."]]',
    ]);
    worker.send('[66,3,1002]', '[64,4,{},"queue.jobs"]');
    expect(worker.takeParsed().map(([code]) => code)).toEqual([67, 65]);
  });

  it('gives back all that it has not answered by UNREGISTER, uncounted; what it says later is ignored', () => {
    const { worker, producer } = bed.pair();
    producer.send('[16,1,{"_queue":true},"jobs"]');
    worker.take();
    worker.send('[66,2,1002]');
    expect(worker.take()).toEqual(['[67,2]']);
    const other = bed.peers.join().send('[64,1,{},"queue.jobs"]');
    expect(other.takeParsed()[1]?.[3]).toMatchObject({ _attempt: 1, _redelivered: true });
    worker.send('[70,1,{}]');
    expect([worker.take(), worker.closedAs]).toEqual([[], undefined]);
    other.send('[70,1,{}]');
  });

  it('WAMP-19: is unregistered by its own session only', () => {
    const { worker, producer } = bed.pair();
    producer.send('[66,1,1002]');
    worker.send('[34,2,1002]');
    expect([...producer.takeParsed(), ...worker.takeParsed()].map((error) => error[4])).toEqual([
      'wamp.error.no_such_registration',
      'wamp.error.no_such_subscription',
    ]);
  });

  it('answers what it was never given at the cost of its connection', () => {
    const { worker } = bed.pair();
    worker.send('[70,1,{}]');
    expect(worker.takeParsed()[0]?.[2]).toBe('wamp.error.protocol_violation');
  });

  it.each(['_credit', 'concurrency'])('has no more at a time than its %s', (option) => {
    const { worker, producer } = bed.pair(`{"${option}":2}`);
    for (let n = 1; n <= 4; n += 1) producer.send(`[16,${n},{"_queue":true},"jobs",[${n}]]`);
    expect(jobsOf(worker).map(([, , args]) => args)).toEqual([[1], [2]]);
    worker.send('[70,2,{}]');
    expect(jobsOf(worker).map(([, , args]) => args)).toEqual([[3]]);
    worker.send('[70,1,{}]', '[70,3,{}]', '[70,4,{}]');
  });

  it('is given nothing as long as one of a higher _priority has room', () => {
    const { worker, producer } = bed.pair('{"_priority":5,"_credit":1}');
    const other = bed.peers.join().send('[64,1,{"_priority":-1},"queue.jobs"]');
    other.take();
    producer.send('[16,1,{"_queue":true},"jobs",[1]]', '[16,2,{"_queue":true},"jobs",[2]]');
    expect([jobsOf(worker), jobsOf(other)]).toEqual([[[68, 1, [1]]], [[68, 1, [2]]]]);
    worker.send('[70,1,{}]');
    other.send('[70,1,{}]');
  });

  it('is alone if it says _exclusive', () => {
    const { worker } = bed.pair('{"_exclusive":true}');
    const other = bed.peers.join().send('[64,1,{},"queue.jobs"]');
    expect(other.takeParsed()[0]?.slice(0, 5)).toEqual([8, 64, 1, {}, 'wamp.error.unavailable']);
    worker.disconnect();
    other.send('[64,2,{},"queue.jobs"]');
    expect(other.takeParsed()[0]?.[0]).toBe(65);
  });

  it.each([
    ['"_credit":0', '_credit must be a whole number from 1 to 65535.'],
    ['"_credit":"5"', '_credit must be a whole number from 1 to 65535.'],
    ['"_credit":1.5', '_credit must be a whole number from 1 to 65535.'],
    ['"_credit":65536', '_credit must be a whole number from 1 to 65535.'],
    ['"_priority":true', '_priority must be a whole number from -1000000 to 1000000.'],
    ['"_exclusive":1', '_exclusive must be a boolean.'],
  ])('is refused with invalid_argument for {%s}', (option, reason) => {
    const peer = bed.peers.join().send(`[64,1,{${option}},"queue.jobs"]`, `[64,2,{${option}},"com.a"]`);
    expect(peer.take()).toEqual([`[8,64,1,{},"wamp.error.invalid_argument",["${reason}"]]`, '[65,2,1]']);
  });

  it('is refused with invalid_argument for a concurrency that is none, as any callee is', () => {
    const peer = bed.peers.join().send('[64,1,{"concurrency":-1},"queue.jobs"]');
    expect(peer.takeParsed()[0]?.[4]).toBe('wamp.error.invalid_argument');
  });

  it.each([
    ['prefix', 'queue.jobs'],
    ['prefix', 'queue.'],
    ['wildcard', 'queue..jobs'],
  ])('is refused with invalid_argument for the %s %s', (match, uri) => {
    const peer = bed.peers.join().send(`[64,1,{"match":"${match}"},"${uri}"]`);
    expect(peer.takeParsed()[0]?.[4]).toBe('wamp.error.invalid_argument');
  });

  it('asks the authorizer for consume on queue.<name>', () => {
    const asked: string[] = [];
    bed.start({
      authorizer: {
        decide: (_who, action, { match, text }) => {
          asked.push(`${action} ${match} ${text}`);
          return { allow: action !== 'consume' };
        },
      },
    });
    const peer = bed.peers.join().send('[64,1,{},"queue.jobs"]', '[32,2,{"_queue":true},"jobs"]');
    expect(peer.takeParsed().map((error) => error[4])).toEqual([
      'wamp.error.not_authorized',
      'wamp.error.not_authorized',
    ]);
    peer.send('[16,3,{"_queue":true,"acknowledge":true},"jobs"]');
    expect(peer.takeParsed()[0]?.[0]).toBe(17);
    expect(asked).toEqual([
      'consume exact queue.jobs',
      'consume exact queue.jobs',
      'publish exact queue.jobs',
    ]);
  });

  it('is no procedure: CALL finds none, and none is found behind a pattern', () => {
    const { worker, producer } = bed.pair();
    bed.peers.join().send('[64,1,{"match":"prefix"},"q"]').take();
    producer.send('[48,1,{},"queue.jobs"]', '[48,2,{},"queue.other"]', '[48,3,{},"queue"]');
    expect(producer.take()).toEqual([
      '[8,48,1,{},"wamp.error.no_such_procedure",["Queues are not called: PUBLISH with _queue."]]',
      '[8,48,2,{},"wamp.error.no_such_procedure",["Queues are not called: PUBLISH with _queue."]]',
    ]);
    expect(worker.take()).toEqual([]);
  });

  it('takes binary formats too', () => {
    const worker = bed.peers.connect({ token: 'wamp.2.msgpack' });
    // HELLO, then REGISTER of queue.j
    worker.sendHex(
      '93 01 a6 7265616c6d31 81 a5 726f6c6573 81 a6 63616c6c6565 80',
      '94 40 01 80 a7 71756575652e6a',
    );
    worker.takeHex();
    bed.peers.join().send('[16,1,{"_queue":true},"j",[5]]');
    // [68, 1, 1002, {procedure: "queue.j", _publication: 1004, _attempt: 1}, [5]]
    expect(worker.takeHex()).toEqual([
      '954401cd03ea83a970726f636564757265a771756575652e6aac5f7075626c69636174696f6ecd03ec' +
        'a85f617474656d7074019105',
    ]);
    worker.sendHex('93 46 01 80');
  });
});
