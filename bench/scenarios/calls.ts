import type { Client } from '../load/client.js';
import type { Target } from '../load/connect.js';
import { closeAll, connectAll } from '../load/connect.js';
import type { Dialect, Role } from '../load/dialects/index.js';
import type { Tally } from '../load/flight.js';
import { Flight } from '../load/flight.js';
import { checkPayload, payload } from '../load/payload.js';
import type { Cast, Floor, Scenario } from './scenario.js';
import { mangroveContenders } from './scenario.js';

/** Callers that are numbered from 0. */
export function callers(count: number): Role[] {
  return Array.from({ length: count }, (_, tag): Role => ({ kind: 'caller', tag }));
}

/** Callers with one call in flight each, and one callee that answers with what it was given. */
export function calls(inFlight: number, floor: Floor): Scenario {
  return {
    name: `calls-${inFlight}`,
    title: `calls, ${inFlight} in flight from ${inFlight} callers to one callee, 128 B`,
    unit: 'call',
    plain: { name: 'plain ws relay', server: 'plain-ws-relay', dialect: 'plain' },
    contenders: mangroveContenders,
    floor,
    async prepare(target: Target): Promise<Cast> {
      const [callee] = await connectAll(target, [{ kind: 'callee' }]);
      if (callee === undefined) throw new Error('no callee');
      return new CallsCast(callee, await connectAll(target, callers(inFlight)), target.dialect);
    },
  };
}

/** Callers with one call in flight each, whose calls are answered by a client of ours or in the server's own process. */
export class CallsCast implements Cast {
  /** caller → number of its last call, over all runs */
  readonly #sequences: number[];

  /** @param callee the client that answers; undefined: the server does. */
  constructor(
    private readonly callee: Client | undefined,
    private readonly callers: readonly Client[],
    private readonly dialect: Dialect,
  ) {
    this.#sequences = callers.map(() => 0);
  }

  run(ms: number, verify: boolean): Promise<Tally> {
    const { callee, callers, dialect } = this;
    const flight = new Flight(callers.length, ms);
    // What arrives together is answered in one write.
    callee?.listen(
      (invocation) => callee.queue(dialect.answer(invocation)),
      () => (callee.failure === undefined ? callee.flush() : flight.fail(callee.failure)),
    );
    for (const [tag, caller] of callers.entries()) this.#join(flight, tag, caller, verify);
    for (const [tag, caller] of callers.entries()) this.#call(flight, tag, caller);
    return flight.landed();
  }

  close(): Promise<void> {
    return closeAll(this.callee === undefined ? this.callers : [...this.callers, this.callee]);
  }

  #join(flight: Flight, tag: number, caller: Client, verify: boolean): void {
    const { dialect } = this;
    const first = (this.#sequences[tag] ?? 0) + 1;
    const how = {
      verify,
      signature: dialect.resultSignature,
      check: (message: string, n: number) => checkPayload(dialect.returned(message), tag, first + n),
    };
    flight.receive(tag, caller, how, (messages) => {
      if (messages > 0 && flight.open) this.#call(flight, tag, caller);
    });
  }

  #call(flight: Flight, tag: number, caller: Client): void {
    const sequence = (this.#sequences[tag] ?? 0) + 1;
    this.#sequences[tag] = sequence;
    flight.owedTo(tag);
    caller.send(this.dialect.call(sequence, payload(tag, sequence)));
  }
}
