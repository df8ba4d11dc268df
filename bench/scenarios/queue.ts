import type { Client } from '../load/client.js';
import type { Target } from '../load/connect.js';
import { connectAll } from '../load/connect.js';
import type { QueueDialect, Role } from '../load/dialects/index.js';
import type { Tally } from '../load/flight.js';
import { Flight } from '../load/flight.js';
import { checkPayload, payload } from '../load/payload.js';
import type { Cast, CastSetting, Contender, Scenario } from './scenario.js';

/** What is under way to one worker, for servers that can be told. */
export const CREDIT = 100;
const QUEUE = 'bench.work';
/** Receivers of a flight. */
const SENDER = 0;
const WORKERS = 1;

const durable = (name: string, inFlight: number, more: Partial<Contender> = {}): Contender => ({
  name,
  server: 'mangrove-lmdb',
  dialect: 'stomp',
  setting: { inFlight },
  ...more,
});

const rabbit = { server: 'rabbitmq', dialect: 'rabbit-stomp', optional: true, floors: [] } as const;

/** Confirmed messages through a queue on disk to a worker that acknowledges each, beside RabbitMQ's on the same disk. */
export const durableQueue: Scenario = {
  name: 'queue-durable',
  title: 'durable queue, 128 B, each message confirmed when it is on disk, one worker that acknowledges each',
  unit: 'message',
  plain: durable('mangrove, 1 in flight', 1),
  contenders: [
    durable('mangrove, 100 in flight', 100, {
      floors: [
        { measure: 'rate', bound: 8 },
        { measure: 'rate', bound: 2, beside: 'RabbitMQ, 100 in flight' },
      ],
    }),
    durable('mangrove WAMP, 100 in flight', 100, { dialect: 'wamp-json', floors: [] }),
    durable('RabbitMQ, 1 in flight', 1, rabbit),
    durable('RabbitMQ, 100 in flight', 100, rabbit),
  ],
  floor: undefined,
  prepare: prepareQueue,
};

/** Messages through a queue in memory, to one worker and to ten. */
export const memoryQueue: Scenario = {
  name: 'queue-memory',
  title: 'memory queue, 128 B, 100 in flight, workers that acknowledge each message',
  unit: 'message',
  plain: {
    name: 'mangrove, 1 worker',
    server: 'mangrove-memory',
    dialect: 'stomp',
    setting: { inFlight: 100, workers: 1 },
  },
  contenders: [
    {
      name: 'mangrove, 10 workers',
      server: 'mangrove-memory',
      dialect: 'stomp',
      setting: { inFlight: 100, workers: 10 },
    },
  ],
  floor: undefined,
  prepare: prepareQueue,
};

async function prepareQueue(target: Target, setting: CastSetting): Promise<Cast> {
  const { inFlight = 1, workers = 1 } = setting;
  // Contenders may share a server.
  const queue = `${QUEUE}.${inFlight}.${workers}`;
  const [sender] = await connectAll(target, [{ kind: 'sender' }]);
  if (sender === undefined) throw new Error('no sender');
  const role: Role = { kind: 'worker', queue, credit: CREDIT };
  return new QueueCast(
    sender,
    await connectAll(
      target,
      Array.from({ length: workers }, () => role),
    ),
    queuesOf(target),
    { queue, inFlight },
  );
}

/** How the clients of a target speak to queues. @throws Error if they cannot. */
export function queuesOf({ dialect }: Target): QueueDialect {
  if (dialect.queues === undefined) throw new Error('this dialect has no queues');
  return dialect.queues;
}

class QueueCast implements Cast {
  /** Number of the last message, over all runs. */
  #sequence = 0;

  constructor(
    private readonly sender: Client,
    private readonly workers: readonly Client[],
    private readonly dialect: QueueDialect,
    private readonly how: { readonly queue: string; readonly inFlight: number },
  ) {}

  async run(ms: number, verify: boolean): Promise<Tally> {
    const { inFlight } = this.how;
    const flight = new Flight(2, ms);
    const ledger = new Ledger(this.#sequence);
    for (const worker of this.workers) work(flight, worker, this.dialect, verify ? ledger : undefined);
    const how = { verify: false, signature: this.dialect.confirmationSignature, check: ignore };
    flight.receive(SENDER, this.sender, how, (confirmed) => this.#send(flight, confirmed));
    this.#send(flight, inFlight);
    const tally = await flight.landed();
    // One for the confirmation and one for the delivery: a message is both.
    const { problem, arrived, due, ...rest } = tally;
    const wrong = problem ?? (verify ? ledger.problem(this.#sequence) : undefined);
    return { ...rest, arrived: arrived / 2, due: due / 2, problem: wrong };
  }

  async close(): Promise<void> {
    await leaveAll([...this.workers, this.sender], this.dialect);
  }

  #send(flight: Flight, count: number): void {
    for (let n = 0; n < count && flight.open; n++) {
      this.#sequence += 1;
      flight.owedTo(SENDER);
      flight.owedTo(WORKERS);
      this.sender.queue(this.dialect.enqueue(this.how.queue, this.#sequence, payload(0, this.#sequence)));
    }
    this.sender.flush();
  }
}

/** Has a worker take what it is given, and acknowledge what came together in one write. */
export function work(
  flight: Flight,
  worker: Client,
  dialect: QueueDialect,
  ledger: Ledger | undefined,
  onSettled: (messages: number) => void = ignore,
): void {
  let last = 0;
  const check = (message: string): void => {
    if (ledger !== undefined) last = ledger.take(dialect.given(message), last);
    worker.queue(dialect.settle(message));
  };
  flight.receive(WORKERS, worker, { verify: true, signature: '', check }, (messages) => {
    worker.flush();
    if (messages > 0) onSettled(messages);
  });
}

/** Checks that each message comes once, as it was sent, and in order at each worker. */
export class Ledger {
  readonly #seen = new Set<number>();

  /** @param before number of the last message that was sent and taken before. */
  constructor(private readonly before: number) {}

  /** Takes a message, `last` being what the same worker took last, and returns its number. @throws Error if it is not due. */
  take(text: string, last: number): number {
    const sequence = Number(text.slice(4, 14));
    checkPayload(text, 0, sequence);
    if (sequence <= Math.max(last, this.before)) throw new Error(`message ${sequence} behind ${last}`);
    if (this.#seen.has(sequence)) throw new Error(`message ${sequence} twice`);
    this.#seen.add(sequence);
    return sequence;
  }

  /** What is wrong when all messages up to a number have been sent. */
  problem(last: number): string | undefined {
    const missing = last - this.before - this.#seen.size;
    return missing === 0 ? undefined : `${missing} messages were not taken`;
  }
}

/** Has clients take their leave, waits until all that they said has been done, and ends the connections. */
export async function leaveAll(clients: readonly Client[], dialect: QueueDialect): Promise<void> {
  await Promise.all(clients.map((client) => leave(client, dialect)));
}

async function leave(client: Client, { farewell: [goodBye, answer] }: QueueDialect): Promise<void> {
  await new Promise<void>((resolve) => {
    const late = setTimeout(resolve, 5000);
    client.listen(
      (message) => {
        if (!message.toString('latin1', 0, answer.length).startsWith(answer)) return;
        clearTimeout(late);
        resolve();
      },
      () => client.failure !== undefined && resolve(),
    );
    client.send(goodBye);
  });
  await client.close();
}

function ignore(): void {}
