import type { Client } from '../load/client.js';
import type { Target } from '../load/connect.js';
import { closeAll, connectAll } from '../load/connect.js';
import type { Dialect, Role } from '../load/dialects/index.js';
import type { Tally } from '../load/flight.js';
import { Flight } from '../load/flight.js';
import { checkPayload, payload } from '../load/payload.js';
import type { Cast, Floor, Scenario } from './scenario.js';
import { mangroveContenders } from './scenario.js';

const SUBSCRIBERS = 100;
const TOPIC = 'bench.fan-out';

/** One publisher, a hundred subscribers of one topic, a bounded number of publications in flight. */
export function fanOut(window: number, floor: Floor): Scenario {
  return {
    name: `fan-out-${window}`,
    title: `fan-out 1→${SUBSCRIBERS}, 128 B, ${window} in flight`,
    unit: 'delivery',
    plain: { name: 'plain ws loop', server: 'plain-ws-broadcast', dialect: 'plain' },
    contenders: mangroveContenders,
    floor,
    async prepare(target: Target): Promise<Cast> {
      const roles: Role[] = [{ kind: 'publisher', topic: TOPIC }];
      for (let n = 0; n < SUBSCRIBERS; n++) roles.push({ kind: 'subscriber', topic: TOPIC });
      const [publisher, ...subscribers] = await connectAll(target, roles);
      if (publisher === undefined) throw new Error('no publisher');
      return new FanOutCast(publisher, subscribers, target.dialect, window);
    },
  };
}

class FanOutCast implements Cast {
  /** Number of the last publication, over all runs. */
  #sequence = 0;

  constructor(
    private readonly publisher: Client,
    private readonly subscribers: readonly Client[],
    private readonly dialect: Dialect,
    private readonly window: number,
  ) {}

  run(ms: number, verify: boolean): Promise<Tally> {
    const { publisher, dialect, subscribers } = this;
    const flight = new Flight(subscribers.length, ms);
    const first = this.#sequence + 1;
    let published = 0;
    let scheduled = false;
    const topUp = (): void => {
      scheduled = false;
      // What everybody has got, on average: keeps as many in flight as the window says, give or take one.
      const wanted = Math.floor(flight.arrived / subscribers.length) + this.window;
      while (flight.open && published < wanted) {
        published += 1;
        this.#sequence += 1;
        flight.owedToAll();
        publisher.queue(dialect.publication(TOPIC, this.#sequence, payload(0, this.#sequence)));
      }
      publisher.flush();
    };
    // Once per turn of the event loop, like any client that does not want a system call per message.
    const onArrival = (): void => {
      if (scheduled) return;
      scheduled = true;
      setImmediate(topUp);
    };
    const how = {
      verify,
      signature: dialect.deliverySignature,
      check: (message: string, n: number) => checkPayload(dialect.delivered(message), 0, first + n),
    };
    for (const [n, subscriber] of subscribers.entries()) flight.receive(n, subscriber, how, onArrival);
    publisher.listen(refuse, () => publisher.failure && flight.fail(publisher.failure));
    topUp();
    return flight.landed();
  }

  close(): Promise<void> {
    return closeAll([this.publisher, ...this.subscribers]);
  }
}

function refuse(message: Buffer): never {
  throw new Error(`the publisher was sent ${message.toString('latin1', 0, 80)}`);
}
