import type { Client } from '../load/client.js';
import type { Target } from '../load/connect.js';
import { connectAll } from '../load/connect.js';
import type { QueueDialect } from '../load/dialects/index.js';
import type { Tally } from '../load/flight.js';
import { Flight } from '../load/flight.js';
import { checkPayload, payload } from '../load/payload.js';
import type { Drained } from '../processes/protocol.js';
import { CREDIT, leaveAll, queuesOf } from './queue.js';
import type { Aftermath, Cast, CastSetting, Contender, Finding, Scenario } from './scenario.js';

const QUEUE = 'bench.deep';
/** Unconfirmed messages while the queue is filled. */
const FILL_WINDOW = 1000;
const SENDER = 0;
const WORKER = 1;
const MIB = 1024 * 1024;
/** Floors: memory above the empty server, and the time from the start to a socket that listens. */
const MEMORY_BYTES = 50 * MIB;
const READY_MS = 5000;

function deep(waiting: number): Contender {
  const name = `${waiting.toLocaleString('en').replaceAll(',', ' ')} waiting`;
  return { name, server: 'mangrove-lmdb', dialect: 'stomp', setting: { waiting } };
}

/** What a message costs when very many others wait: one is taken and acknowledged, one comes. */
export function deepQueue(waiting: number): Scenario {
  return {
    name: 'queue-depth',
    title: `durable queue in which messages wait, 128 B: a message is taken and acknowledged, another is stored, ${CREDIT} at a time`,
    unit: 'message',
    plain: deep(1000),
    contenders: [deep(waiting)],
    floor: { measure: 'cpu', bound: 1.2 },
    prepare: prepareDeep,
    after,
  };
}

/** Of one server: what was sent to it and what was taken from it, over all connections. */
interface Progress {
  sent: number;
  taken: number;
}

/** port → progress; this process serves all rounds of a scenario */
const progressOf = new Map<number, Progress>();

async function prepareDeep(target: Target, { waiting = 0, port = target.port }: CastSetting): Promise<Cast> {
  const dialect = queuesOf(target);
  let progress = progressOf.get(port);
  if (progress === undefined) progressOf.set(port, (progress = { sent: 0, taken: 0 }));
  const [sender] = await connectAll(target, [{ kind: 'sender' }]);
  if (sender === undefined) throw new Error('no sender');
  if (progress.sent === 0) await fill(sender, dialect, progress, waiting);
  const cast = new DepthCast(sender, dialect, progress);
  await cast.join(target);
  return cast;
}

async function fill(
  sender: Client,
  dialect: QueueDialect,
  progress: Progress,
  waiting: number,
): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    let confirmed = 0;
    const topUp = (): void => {
      while (progress.sent < Math.min(waiting, confirmed + FILL_WINDOW)) {
        progress.sent += 1;
        sender.queue(dialect.enqueue(QUEUE, progress.sent, payload(0, progress.sent)));
      }
      sender.flush();
    };
    sender.count(dialect.confirmationSignature, () => {
      if (sender.failure !== undefined) return reject(sender.failure);
      if (sender.unexpected > 0) return reject(new Error('the queue does not take the messages'));
      confirmed = sender.messages;
      if (confirmed === waiting) resolve();
      else topUp();
    });
    topUp();
  });
}

/** One sender, and one worker that is always given as many as it may hold. */
class DepthCast implements Cast {
  #worker: Client | undefined;
  /** Messages that the worker was given and has not acknowledged yet. */
  #held: string[] = [];

  constructor(
    private readonly sender: Client,
    private readonly dialect: QueueDialect,
    private readonly progress: Progress,
  ) {}

  /** Connects the worker and waits until it holds as many as it may. */
  async join(target: Target): Promise<void> {
    const [worker] = await connectAll(target, [{ kind: 'worker', queue: QUEUE, credit: CREDIT }]);
    if (worker === undefined) throw new Error('no worker');
    this.#worker = worker;
    await new Promise<void>((resolve, reject) => {
      const onChunk = (): void => {
        if (worker.failure !== undefined) reject(worker.failure);
        if (this.#held.length === CREDIT) resolve();
      };
      worker.listen((message) => this.#held.push(message.toString('latin1')), onChunk);
    });
  }

  async run(ms: number, verify: boolean): Promise<Tally> {
    const worker = this.#connected();
    const { dialect, progress, sender } = this;
    const flight = new Flight(2, ms);
    const confirmation = { verify: false, signature: dialect.confirmationSignature, check: ignore };
    const cycle = (): void => {
      for (const message of this.#held.splice(0)) {
        progress.taken += 1;
        if (verify) checkPayload(dialect.given(message), 0, progress.taken);
        worker.queue(dialect.settle(message));
        progress.sent += 1;
        sender.queue(dialect.enqueue(QUEUE, progress.sent, payload(0, progress.sent)));
        flight.owedTo(SENDER);
        flight.owedTo(WORKER);
      }
      worker.flush();
      sender.flush();
    };
    const hold = (message: string): void => void this.#held.push(message);
    flight.receive(SENDER, sender, confirmation, ignore);
    flight.receive(WORKER, worker, { verify: true, signature: '', check: hold }, () => {
      if (flight.open) cycle();
    });
    cycle();
    const { arrived, due, ...tally } = await flight.landed();
    // One for the confirmation and one for the delivery that an acknowledgement made room for.
    return { ...tally, arrived: arrived / 2, due: due / 2 };
  }

  async drain(): Promise<Drained> {
    const worker = this.#connected();
    const { dialect, progress } = this;
    const began = performance.now();
    const before = progress.taken;
    await new Promise<void>((resolve, reject) => {
      const settleAll = (): void => {
        for (const message of this.#held.splice(0)) {
          progress.taken += 1;
          checkPayload(dialect.given(message), 0, progress.taken);
          worker.queue(dialect.settle(message));
        }
        worker.flush();
        if (progress.taken === progress.sent) resolve();
      };
      worker.listen(
        (message) => this.#held.push(message.toString('latin1')),
        () => (worker.failure === undefined ? settleAll() : reject(worker.failure)),
      );
      settleAll();
    });
    return { messages: progress.taken - before, elapsedMs: performance.now() - began };
  }

  close(): Promise<void> {
    return leaveAll([this.sender, this.#connected()], this.dialect);
  }

  #connected(): Client {
    if (this.#worker === undefined) throw new Error('no worker');
    return this.#worker;
  }
}

/** Memory, restart, and whether everything is there. */
async function after(aftermath: Aftermath): Promise<readonly Finding[]> {
  const { contender, empty } = aftermath;
  const above = ({ residentBytes, anonymousBytes }: Aftermath['empty']): string =>
    `${mib(residentBytes - empty.residentBytes)} MiB above the empty server's ${mib(empty.residentBytes)}` +
    ` (${mib(anonymousBytes - empty.anonymousBytes)} of it not pages of files)`;
  const before = await aftermath.memory();
  const readyMs = await aftermath.restart();
  const began = performance.now();
  await aftermath.prepare();
  const firstMs = performance.now() - began;
  const now = await aftermath.memory();
  const { messages, elapsedMs } = await aftermath.drain();
  await aftermath.close();
  const perSecond = Math.round((messages / elapsedMs) * 1000);
  return [
    { text: `${contender.name}: after the rounds ${above(before)}` },
    {
      text: `${contender.name}: after a restart and with a worker ${above(now)}, at most ${MEMORY_BYTES / MIB}`,
      passed: now.residentBytes - empty.residentBytes <= MEMORY_BYTES,
    },
    {
      text:
        `${contender.name}: listens ${(readyMs / 1000).toFixed(2)} s after it was killed and started again, at most ` +
        `${READY_MS / 1000}; ${CREDIT} messages are with a worker ${firstMs.toFixed(0)} ms later`,
      passed: readyMs < READY_MS,
    },
    { text: `${contender.name}: then ${messages} taken, each in order and as sent, ${perSecond}/s` },
  ];
}

function mib(bytes: number): string {
  return (bytes / MIB).toFixed(0);
}

function ignore(): void {}
