import type { Client } from '../load/client.js';
import type { Target } from '../load/connect.js';
import { closeAll, connectAll } from '../load/connect.js';
import { dialects } from '../load/dialects/index.js';
import type { Tally } from '../load/flight.js';
import { Flight } from '../load/flight.js';
import { checkPayload, payload } from '../load/payload.js';
import { bystanders, topicsOf } from './bystanders.js';
import type { Bystanding, Cast, CastSetting, Contender, Floor, Scenario } from './scenario.js';

/** Publications in flight. */
const WINDOW = 64;
/** Subscriptions of one session of those that only stand by: fewer than a server allows. */
const PATTERNS_EACH = 100;
const EXACT_EACH = 1000;

/** What a publication costs when very many subscriptions do not match it, beside none. */
export function patterns(kind: 'realistic' | 'hostile', floor: Floor): Scenario {
  const how = kind === 'hostile' ? 'go along with it almost to the end' : 'do not match';
  return {
    name: kind === 'hostile' ? 'patterns-hostile' : 'patterns-publish',
    title: `publications to one subscriber, 128 B, ${WINDOW} in flight, beside patterns that ${how} (thirds: prefix, wildcard, multi)`,
    unit: 'delivery',
    plain: beside({ kind, count: 0 }, []),
    contenders: [
      beside({ kind, count: 1000 }, []),
      beside({ kind, count: 10_000 }, [floor]),
      ...(kind === 'hostile' ? [] : [beside({ kind: 'exact', count: 100_000 }, [floor])]),
    ],
    floor: undefined,
    prepare,
  };
}

function beside({ kind, count }: Bystanding, floors: readonly Floor[]): Contender {
  const number = count.toLocaleString('en').replaceAll(',', ' ');
  const name = count === 0 ? 'beside none' : `beside ${number}${kind === 'exact' ? ' exact' : ''}`;
  return { name, server: 'mangrove', dialect: 'wamp-json', setting: { bystanding: { kind, count } }, floors };
}

/** ports of servers whose bystanders are there: they stay from the first round to the last */
const peopled = new Set<number>();

async function prepare(
  target: Target,
  { bystanding = { kind: 'realistic', count: 0 } }: CastSetting,
): Promise<Cast> {
  if (!peopled.has(target.port)) {
    peopled.add(target.port);
    await people(target.port, bystanding);
  }
  const topics = topicsOf(bystanding.kind);
  const [publisher, subscriber] = await connectAll(target, [
    { kind: 'sender' },
    { kind: 'subscriber', topic: topics[0] ?? '' },
  ]);
  if (publisher === undefined || subscriber === undefined) throw new Error('nobody there');
  await subscribeAll(
    subscriber,
    topics.slice(1).map((topic, n) => JSON.stringify([32, n + 2, {}, topic])),
    '[3',
  );
  return new PatternsCast(publisher, subscriber, target, topics);
}

/** Has sessions subscribe to what does not match, as many as it takes. */
async function people(port: number, bystanding: Bystanding): Promise<void> {
  const { wamp, stomp } = bystanders(bystanding);
  const most = bystanding.kind === 'exact' ? EXACT_EACH : PATTERNS_EACH;
  for (let at = 0; at < wamp.length; at += most) {
    const [client] = await connectAll({ port, dialect: dialects['wamp-json'] }, [{ kind: 'sender' }]);
    await subscribeAll(client, wamp.slice(at, at + most), '[3');
  }
  for (let at = 0; at < stomp.length; at += most) {
    const [client] = await connectAll({ port, dialect: dialects.stomp }, [{ kind: 'sender' }]);
    await subscribeAll(client, stomp.slice(at, at + most), 'RE');
  }
}

async function subscribeAll(
  client: Client | undefined,
  requests: readonly string[],
  answer: string,
): Promise<void> {
  if (client === undefined) throw new Error('nobody there');
  if (requests.length === 0) return;
  await new Promise<void>((resolve, reject) => {
    client.count(answer, () => {
      if (client.failure !== undefined) reject(client.failure);
      if (client.unexpected > 0) reject(new Error('a subscription is refused'));
      if (client.messages === requests.length) resolve();
    });
    for (const request of requests) client.queue(request);
    client.flush();
  });
  client.listen(() => {});
}

/** One publisher that goes round the topics, and one subscriber of all of them. */
class PatternsCast implements Cast {
  /** Number of the last publication, over all runs. */
  #sequence = 0;

  constructor(
    private readonly publisher: Client,
    private readonly subscriber: Client,
    private readonly target: Target,
    private readonly topics: readonly string[],
  ) {}

  run(ms: number, verify: boolean): Promise<Tally> {
    const { publisher, subscriber, topics } = this;
    const { dialect } = this.target;
    const flight = new Flight(1, ms);
    const first = this.#sequence + 1;
    const publish = (count: number): void => {
      for (let n = 0; n < count && flight.open; n++) {
        this.#sequence += 1;
        flight.owedTo(0);
        const topic = topics[this.#sequence % topics.length] ?? '';
        publisher.queue(dialect.publication(topic, this.#sequence, payload(0, this.#sequence)));
      }
      publisher.flush();
    };
    const how = {
      verify,
      signature: dialect.deliverySignature,
      check: (message: string, n: number) => checkPayload(dialect.delivered(message), 0, first + n),
    };
    flight.receive(0, subscriber, how, publish);
    publisher.listen(refuse, () => publisher.failure && flight.fail(publisher.failure));
    publish(WINDOW);
    return flight.landed();
  }

  close(): Promise<void> {
    return closeAll([this.publisher, this.subscriber]);
  }
}

function refuse(message: Buffer): never {
  throw new Error(`the publisher was sent ${message.toString('latin1', 0, 80)}`);
}
