import type { Client } from '../load/client.js';
import type { Target } from '../load/connect.js';
import { closeAll, connectAll } from '../load/connect.js';
import type { Dialect, Role } from '../load/dialects/index.js';
import type { Tally } from '../load/flight.js';
import { Flight } from '../load/flight.js';
import { Latencies } from '../load/latencies.js';
import { checkPayload, payload } from '../load/payload.js';
import type { Cast, Contender, Floor, Scenario } from './scenario.js';

/** More calls than callers are in flight as several a caller. */
const MOST_CALLERS = 64;

/** What is to be reached, by dialect. */
export type CallFloors = Readonly<Partial<Record<'stomp' | 'wamp-json' | 'wamp-msgpack', Floor>>>;

/** Callers that are numbered from 0. */
export function callers(count: number): Role[] {
  return Array.from({ length: count }, (_, tag): Role => ({ kind: 'caller', tag }));
}

/** Callers with as many calls in flight as there have to be, and one callee that answers with what it was given. */
export function calls(inFlight: number, floors: CallFloors = {}): Scenario {
  const count = Math.min(inFlight, MOST_CALLERS);
  return {
    name: `calls-${inFlight}`,
    title: `calls, ${inFlight} in flight from ${count} caller${count === 1 ? '' : 's'} to one callee, 128 B`,
    unit: 'call',
    plain: { name: 'plain ws relay', server: 'plain-ws-relay', dialect: 'plain' },
    contenders: contenders(floors),
    floor: undefined,
    async prepare(target: Target): Promise<Cast> {
      const [callee] = await connectAll(target, [{ kind: 'callee' }]);
      if (callee === undefined) throw new Error('no callee');
      const connected = await connectAll(target, callers(count));
      return new CallsCast(callee, connected, target.dialect, inFlight / count);
    },
  };
}

function contenders(floors: CallFloors): readonly Contender[] {
  const one = (name: string, dialect: keyof CallFloors): Contender => {
    const floor = floors[dialect];
    return { name, server: 'mangrove', dialect, floors: floor === undefined ? [] : [floor] };
  };
  return [
    one('mangrove STOMP', 'stomp'),
    one('mangrove WAMP json', 'wamp-json'),
    one('mangrove WAMP msgpack', 'wamp-msgpack'),
  ];
}

/** Callers with calls in flight, answered by a client of ours or in the server's own process; answers come in order. */
export class CallsCast implements Cast {
  /** caller → number of its last call, over all runs */
  readonly #sequences: number[];
  /** caller → when its calls in flight were sent, by their numbers modulo the window */
  readonly #sent: Float64Array;
  #latencies = new Latencies();

  /**
   * @param callee the client that answers; undefined: the server does.
   * @param window calls that each caller has in flight.
   */
  constructor(
    private readonly callee: Client | undefined,
    private readonly callers: readonly Client[],
    private readonly dialect: Dialect,
    private readonly window = 1,
  ) {
    this.#sequences = callers.map(() => 0);
    this.#sent = new Float64Array(callers.length * window);
  }

  async run(ms: number, verify: boolean): Promise<Tally> {
    const { callee, callers, dialect } = this;
    const flight = new Flight(callers.length, ms);
    // What arrives together is answered in one write.
    callee?.listen(
      (invocation) => callee.queue(dialect.answer(invocation)),
      () => (callee.failure === undefined ? callee.flush() : flight.fail(callee.failure)),
    );
    for (const [tag, caller] of callers.entries()) this.#join(flight, tag, caller, verify);
    this.#latencies = new Latencies();
    for (const [tag, caller] of callers.entries()) this.#call(flight, tag, caller, this.window);
    return { ...(await flight.landed()), latency: this.#latencies.summary };
  }

  close(): Promise<void> {
    return closeAll(this.callee === undefined ? this.callers : [...this.callers, this.callee]);
  }

  #join(flight: Flight, tag: number, caller: Client, verify: boolean): void {
    const { dialect } = this;
    const first = (this.#sequences[tag] ?? 0) + 1;
    let returned = first;
    const how = {
      verify,
      signature: dialect.resultSignature,
      check: (message: string, n: number) => checkPayload(dialect.returned(message), tag, first + n),
    };
    flight.receive(tag, caller, how, (messages) => {
      const now = performance.now();
      for (let n = 0; n < messages; n++) {
        this.#latencies.add(now - (this.#sent[this.#slot(tag, returned)] ?? now));
        returned += 1;
      }
      if (flight.open) this.#call(flight, tag, caller, messages);
    });
  }

  /** Makes so many calls, in one write. */
  #call(flight: Flight, tag: number, caller: Client, count: number): void {
    const now = performance.now();
    for (let n = 0; n < count; n++) {
      const sequence = (this.#sequences[tag] ?? 0) + 1;
      this.#sequences[tag] = sequence;
      this.#sent[this.#slot(tag, sequence)] = now;
      flight.owedTo(tag);
      caller.queue(this.dialect.call(sequence, payload(tag, sequence)));
    }
    caller.flush();
  }

  #slot(tag: number, sequence: number): number {
    return tag * this.window + (sequence % this.window);
  }
}
