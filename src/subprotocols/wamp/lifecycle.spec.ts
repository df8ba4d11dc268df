import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { HELLO, PLAIN_HELLO, Peers } from '../../../test/support/wamp-peer.js';
import type { WampPeer } from '../../../test/support/wamp-peer.js';
import type { Instrumentation } from '../../broker/index.js';
import { testServices } from '../../testing/index.js';

/** Counts what must never happen: something thrown inside a session. */
function watchful(): { readonly defects: unknown[]; readonly instrumentation: Instrumentation } {
  const defects: unknown[] = [];
  const instrumentation: Instrumentation = {
    count: () => {},
    event: () => {},
    defect: (_where, error) => defects.push(error),
  };
  return { defects, instrumentation };
}

/** One step of a schedule: what happens, and a number that chooses whom or what it happens to. */
type Step = readonly [
  'call' | 'cancel' | 'yield' | 'progress' | 'error' | 'time' | 'callee leaves' | 'caller leaves' | 'repeat',
  number,
];

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.tuple(
    fc.constantFrom(
      'call',
      'call',
      'call',
      'cancel',
      'yield',
      'yield',
      'progress',
      'error',
      'time',
      'callee leaves',
      'caller leaves',
      'repeat',
    ),
    fc.nat(1000),
  ) as fc.Arbitrary<Step>,
  { maxLength: 60 },
);

/** Callers and callees that come back when they have left, and the ledger of what the callers were told. */
class Exchange {
  readonly #peers: Peers;
  #callee: WampPeer;
  #caller: WampPeer;
  #given: number[] = [];
  #next = 0;
  /** request id of an open call → whether it may still be answered */
  readonly #open = new Set<number>();
  /** What a caller must not be told. */
  readonly wrong: unknown[] = [];

  constructor(
    peers: Peers,
    private readonly calleeHello: string,
  ) {
    this.#peers = peers;
    this.#callee = this.#newCallee();
    this.#caller = peers.join();
  }

  take(step: Step): void {
    const [what, which] = step;
    const invocation = this.#given.length === 0 ? undefined : this.#given[which % this.#given.length];
    const mode = ['skip', 'kill', 'killnowait'][which % 3];
    switch (what) {
      case 'call':
        this.#next += 1;
        this.#open.add(this.#next);
        this.#caller.send(`[48,${this.#next},{"receive_progress":${which % 2 === 0}},"com.a"]`);
        break;
      case 'cancel':
      case 'repeat':
        if (this.#next > 0) this.#caller.send(`[49,${1 + (which % this.#next)},{"mode":"${mode}"}]`);
        break;
      case 'yield':
        if (invocation !== undefined) this.#callee.send(`[70,${invocation},{},[1]]`);
        break;
      case 'progress':
        if (invocation !== undefined) this.#callee.send(`[70,${invocation},{"progress":true},[1]]`);
        break;
      case 'error':
        if (invocation !== undefined) this.#callee.send(`[8,68,${invocation},{},"com.e"]`);
        break;
      case 'time':
        this.#peers.services.clock.advance(which * 20);
        break;
      case 'callee leaves':
        this.#callee.disconnect();
        this.#given = [];
        this.#callee = this.#newCallee();
        break;
      case 'caller leaves':
        this.#caller.disconnect();
        this.#open.clear();
        this.#next = 0;
        this.#caller = this.#peers.join();
        break;
    }
    this.#hear();
  }

  /** The time of every call is up: none may be left without an answer. */
  finish(): void {
    this.#peers.services.clock.advance(60_000);
    this.#hear();
    expect(this.wrong).toEqual([]);
    expect([...this.#open]).toEqual([]);
    expect([this.#callee.closedAs, this.#caller.closedAs]).toEqual([undefined, undefined]);
  }

  #newCallee(): WampPeer {
    const callee = this.#peers.join(this.calleeHello).send('[64,1,{},"com.a"]');
    callee.take();
    return callee;
  }

  #hear(): void {
    for (const message of this.#callee.takeParsed()) {
      if (message[0] === 68) this.#given.push(message[1] as number);
      else if (message[0] !== 69) this.wrong.push(message);
    }
    for (const message of this.#caller.takeParsed()) {
      const request = (message[0] === 8 ? message[2] : message[1]) as number;
      const isProgress = message[0] === 50 && (message[2] as { progress?: boolean }).progress === true;
      const known = isProgress ? this.#open.has(request) : this.#open.delete(request);
      if (!known || (message[0] !== 50 && message[0] !== 8)) this.wrong.push(message);
    }
  }
}

describe('the life of a call', () => {
  it.each([
    ['can be interrupted', HELLO],
    ['cannot be interrupted', PLAIN_HELLO],
  ])(
    'P14 P7 WAMP-79: ends in exactly one answer, whatever happens in any order (a callee that %s)',
    (_what, hello) => {
      fc.assert(
        fc.property(steps, (schedule) => {
          const { defects, instrumentation } = watchful();
          const peers = new Peers(testServices({ instrumentation }));
          const exchange = new Exchange(peers, hello);
          for (const step of schedule) exchange.take(step);
          exchange.finish();
          expect(defects).toEqual([]);
          peers.end();
        }),
        { numRuns: 150 },
      );
    },
  );
});

describe('a session', () => {
  const element = fc.oneof(
    fc.constantFrom<unknown>(
      0,
      1,
      2,
      68,
      -1,
      1.5,
      true,
      null,
      {},
      [],
      'com.a',
      '',
      'wamp.x',
      { match: 'prefix' },
      { mode: 'kill' },
    ),
    fc.jsonValue({ maxDepth: 2 }),
  );
  const code = fc.constantFrom(1, 3, 5, 6, 8, 16, 32, 34, 48, 49, 64, 66, 70, 2, 4, 17, 36, 50, 99);
  const message = fc
    .tuple(code, fc.array(element, { maxLength: 6 }))
    .map(([first, rest]) => JSON.stringify([first, ...rest]));

  it('P4: never throws and leaves nothing behind, whatever comes in whatever order', () => {
    fc.assert(
      fc.property(fc.array(message, { maxLength: 8 }), fc.boolean(), (messages, joined) => {
        const { defects, instrumentation } = watchful();
        const peers = new Peers(testServices({ instrumentation }));
        const peer = joined ? peers.join() : peers.connect();
        peer.send(...messages);
        expect(defects).toEqual([]);
        peers.end();
      }),
      { numRuns: 200 },
    );
  });

  it('P4: never throws for octets of any kind, on any token', () => {
    const tokens = [
      'wamp.2.json',
      'wamp.2.msgpack',
      'wamp.2.cbor',
      'wamp.2.json.batched',
      'wamp.2.msgpack.batched',
      'wamp.2.cbor.batched',
    ];
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 48 }),
        fc.constantFrom(...tokens),
        fc.boolean(),
        (octets, token, isBinary) => {
          const { defects, instrumentation } = watchful();
          const peers = new Peers(testServices({ instrumentation }));
          const peer = peers.connect({ token });
          peer.link.receive(peer.session, Buffer.from(octets), isBinary);
          expect(defects).toEqual([]);
          expect(peer.closedAs).toBeDefined();
          peers.end();
        },
      ),
      { numRuns: 200 },
    );
  });
});
