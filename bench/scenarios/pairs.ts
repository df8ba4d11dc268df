import type { Client } from '../load/client.js';
import type { Target } from '../load/connect.js';
import { closeAll, connectAll } from '../load/connect.js';
import type { Dialect, Role } from '../load/dialects/index.js';
import type { Tally } from '../load/flight.js';
import { Flight } from '../load/flight.js';
import { checkPayload, payload } from '../load/payload.js';
import type { Cast, Floor, Scenario } from './scenario.js';
import { mangroveContenders } from './scenario.js';

/** Publishers with a topic of their own and one subscriber each, one message in flight per pair. */
export function pairs(count: number, floor: Floor): Scenario {
  return {
    name: `pairs-${count}`,
    title: `${count} pairs, each its own topic, 128 B, one in flight per pair`,
    unit: 'delivery',
    plain: { name: 'plain ws loop', server: 'plain-ws-broadcast', dialect: 'plain' },
    contenders: mangroveContenders,
    floor,
    async prepare(target: Target): Promise<Cast> {
      const roles = (kind: 'publisher' | 'subscriber'): Role[] =>
        Array.from({ length: count }, (_, pair) => ({ kind, topic: topicOf(pair) }));
      const subscribers = await connectAll(target, roles('subscriber'));
      const publishers = await connectAll(target, roles('publisher'));
      return new PairsCast(publishers, subscribers, target.dialect);
    },
  };
}

function topicOf(pair: number): string {
  return `bench.pair.${pair}`;
}

class PairsCast implements Cast {
  /** pair → number of its last publication, over all runs */
  readonly #sequences: number[];

  constructor(
    private readonly publishers: readonly Client[],
    private readonly subscribers: readonly Client[],
    private readonly dialect: Dialect,
  ) {
    this.#sequences = publishers.map(() => 0);
  }

  run(ms: number, verify: boolean): Promise<Tally> {
    const flight = new Flight(this.subscribers.length, ms);
    for (const [pair, subscriber] of this.subscribers.entries()) {
      this.#join(flight, pair, subscriber, verify);
    }
    for (const pair of this.publishers.keys()) this.#publish(flight, pair);
    return flight.landed();
  }

  close(): Promise<void> {
    return closeAll([...this.publishers, ...this.subscribers]);
  }

  #join(flight: Flight, pair: number, subscriber: Client, verify: boolean): void {
    const { dialect } = this;
    const first = (this.#sequences[pair] ?? 0) + 1;
    const how = {
      verify,
      signature: dialect.deliverySignature,
      check: (message: string, n: number) => checkPayload(dialect.delivered(message), pair, first + n),
    };
    flight.receive(pair, subscriber, how, (messages) => {
      if (messages > 0 && flight.open) this.#publish(flight, pair);
    });
    const publisher = this.publishers[pair];
    publisher?.listen(
      (message) => {
        throw new Error(`a publisher was sent ${message.toString('latin1', 0, 80)}`);
      },
      () => publisher.failure && flight.fail(publisher.failure),
    );
  }

  #publish(flight: Flight, pair: number): void {
    const sequence = (this.#sequences[pair] ?? 0) + 1;
    this.#sequences[pair] = sequence;
    flight.owedTo(pair);
    this.publishers[pair]?.send(this.dialect.publication(topicOf(pair), sequence, payload(pair, sequence)));
  }
}
