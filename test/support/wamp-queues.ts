import { expect } from '@jest/globals';
import { testServices } from '../../src/testing/index.js';
import type { TestServicesOptions } from '../../src/testing/index.js';
import type { WampPeer } from './wamp-peer.js';
import { HELLO, Peers } from './wamp-peer.js';

/** WAMP clients of a realm with queues in memory; what is counted is kept. */
export class WampQueueBed {
  peers = new Peers(testServices());
  /** Names of the counters that were added to. */
  readonly counted: string[] = [];

  /** Begins a test; once more, with other options. */
  start(options: TestServicesOptions = {}): void {
    this.counted.length = 0;
    const count = (name: string): void => void this.counted.push(name);
    this.peers = new Peers(testServices({ instrumentation: { count, event() {}, defect() {} }, ...options }));
  }

  /** A worker (session 1001) whose registration for the queue `jobs` has the id 1002, and a producer (session 1003). */
  pair(options = '{}', hello = HELLO): { readonly worker: WampPeer; readonly producer: WampPeer } {
    const worker = this.peers.join(hello).send(`[64,1,${options},"queue.jobs"]`);
    expect(worker.take()).toEqual(['[65,1,1002]']);
    return { worker, producer: this.peers.join() };
  }

  end(): void {
    this.peers.end();
  }
}

/** [code, request, args] of the messages that a worker was given. */
export function jobsOf(worker: WampPeer): unknown[][] {
  return worker.takeParsed().map((message) => [message[0], message[1], message[4]]);
}
