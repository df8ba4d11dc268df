import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { SlowQueueStore, turns } from '../../../test/support/slow-queue-store.js';
import { WampQueueBed, jobsOf } from '../../../test/support/wamp-queues.js';

const bed = new WampQueueBed();

beforeEach(() => bed.start());

afterEach(() => bed.end());

describe('PUBLISH with _queue', () => {
  it('is answered with PUBLISHED when the message is safe, if it asks', () => {
    const producer = bed.peers.join();
    producer.send('[16,1,{"_queue":true,"acknowledge":true},"jobs",[1]]', '[16,2,{"_queue":true},"jobs"]');
    expect(producer.take()).toEqual(['[17,1,1002]']);
  });

  it('reaches no topic of that name, and PUBLISH without it no queue', () => {
    const { worker, producer } = bed.pair();
    const subscriber = bed.peers.join().send('[32,1,{},"jobs"]');
    subscriber.take();
    producer.send('[16,1,{"_queue":true},"jobs",[1]]', '[16,2,{"_queue":false},"jobs",[2]]');
    expect(jobsOf(worker).map(([, , args]) => args)).toEqual([[1]]);
    expect(subscriber.takeParsed().map((event) => event[4])).toEqual([[2]]);
    worker.send('[70,1,{}]');
  });

  it('reaches its own session', () => {
    const { worker } = bed.pair();
    worker.send('[16,2,{"_queue":true},"jobs",[1]]');
    expect(jobsOf(worker)).toEqual([[68, 1, [1]]]);
  });

  it('goes before others with a higher _priority, 4 being the default', () => {
    const producer = bed.peers.join();
    producer.send(
      '[16,1,{"_queue":true},"jobs",[4]]',
      '[16,2,{"_queue":true,"_priority":0},"jobs",[0]]',
      '[16,3,{"_queue":true,"_priority":9},"jobs",[9]]',
      '[16,4,{"_queue":true,"_priority":5},"jobs",[5]]',
    );
    const worker = bed.peers.join().send('[64,1,{},"queue.jobs"]');
    expect(
      jobsOf(worker)
        .slice(1)
        .map(([, , args]) => args),
    ).toEqual([[9], [5], [4], [0]]);
  });

  it('dies after _ttl ms', () => {
    const producer = bed.peers.join();
    producer.send(
      '[16,1,{"_queue":true,"_ttl":1000},"jobs",["late"]]',
      '[16,2,{"_queue":true},"jobs",["kept"]]',
    );
    bed.peers.services.clock.advance(2000);
    const worker = bed.peers.join().send('[64,1,{},"queue.jobs"]', '[64,2,{},"queue.jobs.dead"]');
    const jobs = worker.takeParsed().filter(([code]) => code === 68);
    expect(jobs.map((job) => [(job[3] as { _death_reason?: string })._death_reason, job[4]])).toEqual([
      [undefined, ['kept']],
      ['expired', ['late']],
    ]);
  });

  it('is kept for _delay ms before it is delivered', () => {
    const { worker, producer } = bed.pair();
    producer.send(
      '[16,1,{"_queue":true,"_delay":60000},"jobs",["later"]]',
      '[16,2,{"_queue":true},"jobs",["now"]]',
    );
    expect(jobsOf(worker)).toEqual([[68, 1, ['now']]]);
    bed.peers.services.clock.advance(61_000);
    expect(jobsOf(worker)).toEqual([[68, 2, ['later']]]);
  });

  it('may be _persistent or not', () => {
    const { worker, producer } = bed.pair();
    producer.send(
      '[16,1,{"_queue":true,"_persistent":false,"acknowledge":true},"jobs",[1]]',
      '[16,2,{"_queue":true,"_persistent":true,"acknowledge":true},"jobs",[2]]',
    );
    expect(producer.takeParsed().map(([code]) => code)).toEqual([17, 17]);
    expect(jobsOf(worker).map(([, , args]) => args)).toEqual([[1], [2]]);
  });

  it('D14: is stored once if it has _producer and _sequence, and answered each time', () => {
    const { worker, producer } = bed.pair();
    const numbered = (id: number, sequence: number): string =>
      `[16,${id},{"_queue":true,"acknowledge":true,"_producer":"till-7","_sequence":${sequence}},"jobs",[${sequence}]]`;
    producer.send(numbered(1, 0), numbered(2, 1), numbered(3, 1));
    const other = bed.peers.join().send(numbered(1, 1), numbered(2, 2));
    expect([producer, other].map((each) => each.takeParsed().map(([code, id]) => [code, id]))).toEqual([
      [
        [17, 1],
        [17, 2],
        [17, 3],
      ],
      [
        [17, 1],
        [17, 2],
      ],
    ]);
    const jobs = worker.takeParsed();
    expect(jobs.map((job) => job[4])).toEqual([[0], [1], [2]]);
    expect(jobs.every((job) => !JSON.stringify(job[3]).includes('till-7'))).toBe(true);
  });

  it.each([
    ['"_queue":true,"_producer":"p"', '_producer and _sequence go together.'],
    ['"_queue":true,"_sequence":1', '_producer and _sequence go together.'],
    ['"_queue":true,"_producer":"","_sequence":1', '_producer must be a string of 1 to 255 bytes.'],
    ['"_queue":true,"_producer":7,"_sequence":1', '_producer must be a string of 1 to 255 bytes.'],
    [
      '"_queue":true,"_producer":"p","_sequence":-1',
      '_sequence must be a whole number from 0 to 9007199254740991.',
    ],
    [
      '"_queue":true,"_producer":"p","_sequence":1.5',
      '_sequence must be a whole number from 0 to 9007199254740991.',
    ],
    ['"_producer":"p","_sequence":1', '_producer is for queues only.'],
    ['"_sequence":1', '_sequence is for queues only.'],
    ['"_queue":1', '_queue must be a boolean.'],
    ['"_queue":true,"_priority":10', '_priority must be a whole number from 0 to 9.'],
    ['"_queue":true,"_priority":"high"', '_priority must be a whole number from 0 to 9.'],
    ['"_queue":true,"_ttl":0', '_ttl must be a whole number from 1 to 3155760000000.'],
    ['"_queue":true,"_ttl":"1s"', '_ttl must be a whole number from 1 to 3155760000000.'],
    ['"_ttl":-1', '_ttl must be a whole number from 1 to 3155760000000.'],
    ['"_queue":true,"_delay":-1', '_delay must be a whole number from 0 to 3155760000000.'],
    ['"_queue":true,"_delay":1e300', '_delay must be a whole number from 0 to 3155760000000.'],
    ['"_queue":true,"_persistent":"no"', '_persistent must be a boolean.'],
    ['"_delay":5', '_delay is for queues only.'],
    ['"_queue":true,"eligible":[1001]', 'A message of a queue has no audience.'],
    ['"_queue":true,"exclude_authid":[]', 'A message of a queue has no audience.'],
    ['"_queue":true,"retain":true', 'A message of a queue cannot be retained.'],
    ['"retain":1', 'retain must be a boolean.'],
  ])('is refused with invalid_argument for {%s}, aloud only if acknowledged', (options, reason) => {
    const { worker, producer } = bed.pair();
    producer.send(`[16,1,{${options}},"jobs"]`, `[16,2,{${options},"acknowledge":true},"jobs"]`);
    expect([producer.take(), worker.take()]).toEqual([
      [`[8,16,2,{},"wamp.error.invalid_argument",["${reason}"]]`],
      [],
    ]);
  });

  it.each(['', 'a..b', 'a b'])('is refused with invalid_uri for the queue %j', (queue) => {
    const producer = bed.peers.join();
    producer.send(JSON.stringify([16, 1, { _queue: true, acknowledge: true }, queue]));
    expect(producer.takeParsed()[0]?.[4]).toBe('wamp.error.invalid_uri');
  });
});

describe('a queue whose store is slow or broken', () => {
  let queues: SlowQueueStore;

  beforeEach(() => {
    queues = new SlowQueueStore();
    bed.start({ stores: { queues } });
  });

  it('has PUBLISHED wait until the message is safe, and what follows goes on meanwhile', async () => {
    const { worker, producer } = bed.pair();
    producer.send('[16,1,{"_queue":true,"acknowledge":true},"jobs"]', '[16,2,{"acknowledge":true},"com.a"]');
    expect([worker.take(), producer.takeParsed().map(([code, id]) => [code, id])]).toEqual([[], [[17, 2]]]);
    await queues.confirm();
    expect(producer.takeParsed().map(([code, id]) => [code, id])).toEqual([[17, 1]]);
    expect(jobsOf(worker).length).toBe(1);
    worker.send('[70,1,{}]');
    await queues.confirm();
  });

  it('has PUBLISHED not wait if the message need not be _persistent', async () => {
    const producer = bed.peers.join();
    producer.send('[16,1,{"_queue":true,"_persistent":false,"acknowledge":true},"jobs"]');
    expect(producer.takeParsed().map(([code]) => code)).toEqual([17]);
    await queues.confirm();
  });

  it('refuses the message with unavailable, aloud only if acknowledged', async () => {
    queues.refusing = 'full';
    const producer = bed.peers.join();
    producer.send('[16,1,{"_queue":true},"jobs"]', '[16,2,{"_queue":true,"acknowledge":true},"jobs"]');
    await turns();
    expect(producer.takeParsed().map((error) => error.slice(0, 5))).toEqual([
      [8, 16, 2, {}, 'wamp.error.unavailable'],
    ]);
  });

  it('counts what it cannot keep of a YIELD: there is no one to be told', async () => {
    const { worker, producer } = bed.pair();
    producer.send('[16,1,{"_queue":true},"jobs"]');
    await queues.confirm();
    expect(jobsOf(worker).length).toBe(1);
    queues.refusing = 'failed';
    worker.send('[70,1,{}]');
    await turns();
    expect([worker.take(), worker.closedAs]).toEqual([[], undefined]);
    expect(bed.counted).toContain('wamp.settlements_refused');
  });

  it('refuses one message too many with unavailable', () => {
    bed.start({ queues: [{ match: 'jobs', maxMessages: 1 }] });
    const producer = bed.peers.join();
    for (const id of [1, 2]) producer.send(`[16,${id},{"_queue":true,"acknowledge":true},"jobs"]`);
    expect(producer.takeParsed().map(([code, , , , uri]) => uri ?? code)).toEqual([
      17,
      'wamp.error.unavailable',
    ]);
  });
});
