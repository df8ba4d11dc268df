import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Consumer, ConsumerFile, Producer } from './clients.js';
import { Ledger } from './ledger.js';
import { Life, after, within } from './life.js';
import type { ProtocolName } from './peer.js';
import { Random } from './random.js';
import { makeSite } from './server-process.js';
import type { Site } from './server-process.js';

/** The queues, by the protocol of their producers; each is drained by the other protocol. */
const QUEUES = { stomp: 'crash.stomp', wamp: 'crash.wamp' } as const;
const OTHER = { stomp: 'wamp', wamp: 'stomp' } as const;
const PROTOCOLS: readonly ProtocolName[] = ['stomp', 'wamp'];
/** What a drain may take, in ms. */
const DRAIN_MS = 120_000;

/** How a run goes. */
export interface KillRunOptions {
  /** Path of `dist/main.js`. */
  readonly main: string;
  readonly kills: number;
  readonly seed: number;
  /** How long the server lives under load, in ms, at least and at most. */
  readonly lifeMs: readonly [number, number];
  /** Ends the run early, in ms. */
  readonly withinMs: number;
  /** Told after each kill. */
  readonly progress: (state: KillRunState) => void;
}

/** When the server is killed. */
export type Moment = 'load' | 'drain' | 'start';

/** How far a run is. */
export interface KillRunState {
  /** Kills by the moment: under load, while the queues were drained, while the server started. */
  readonly kills: Readonly<Record<Moment, number>>;
  readonly ledger: Ledger;
  /** How long the last start took until the server listened, in ms. */
  readonly startMs: number;
  /** Where the store and the consumers' files are. */
  readonly folder: string;
}

/** Kills so far, at whichever moment. */
export function killsOf({ kills }: KillRunState): number {
  return kills.load + kills.drain + kills.start;
}

/**
 * Starts the server, loads it by both protocols, kills it, starts it again on the same store, drains each queue by the other
 * protocol, and so on; the last life ends politely, and the one after it has to find nothing. Ends at the first thing that is
 * wrong; what that is is in the ledger, and the folder is kept then.
 *
 * @throws Error if the server ends by itself, refuses or breaks a connection, or does not drain.
 */
export async function killRun(options: KillRunOptions): Promise<KillRunState> {
  const site = makeSite();
  const run = new KillRun(options, site);
  try {
    await run.all();
  } catch (error) {
    site.keep();
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(`${why}\nThe store and what the consumers wrote down: ${site.folder}`, { cause: error });
  }
  if (run.state.ledger.clean) site.remove();
  else site.keep();
  return run.state;
}

class KillRun {
  readonly state: { kills: Record<Moment, number>; ledger: Ledger; startMs: number; folder: string };
  /** For the moments: the same with the same seed. */
  readonly #moments: Random;
  /** For what the clients do, as it comes. */
  readonly #whims: Random;
  readonly #folder: string;
  #cycle = 0;
  /** What is to be let go of when the server is gone. */
  #clients: { stop(): void }[] = [];
  #files: ConsumerFile[] = [];
  /** protocol and queue → who consumes there under load */
  readonly #workers = new Map<string, { cut(): void }>();

  constructor(
    private readonly options: KillRunOptions,
    private readonly site: Site,
  ) {
    this.#moments = new Random(options.seed);
    this.#whims = new Random(options.seed + 1);
    this.#folder = join(site.folder, 'consumers');
    this.state = {
      kills: { load: 0, drain: 0, start: 0 },
      ledger: new Ledger(),
      startMs: 0,
      folder: site.folder,
    };
  }

  async all(): Promise<void> {
    const { kills, withinMs, progress } = this.options;
    const { ledger } = this.state;
    const end = performance.now() + withinMs;
    while (killsOf(this.state) < kills && performance.now() < end && ledger.clean) {
      this.#cycle += 1;
      const moment = this.#moment();
      await this.#live(moment);
      this.state.kills[moment] += 1;
      progress(this.state);
    }
    // Twice: the second of them has to find nothing.
    for (let n = 0; n < 2 && ledger.clean; n++) {
      this.#cycle += 1;
      await this.#live('politely');
    }
  }

  #moment(): Moment {
    const chance = this.#moments.next();
    if (chance < 0.85 || this.#cycle === 1) return 'load';
    return chance < 0.93 ? 'drain' : 'start';
  }

  async #live(end: Moment | 'politely'): Promise<void> {
    const life = new Life(this.options.main, this.site);
    try {
      await this.#until(end, life);
    } finally {
      for (const client of this.#clients) client.stop();
      await (end === 'politely' ? life.stop() : life.kill());
      // What the kernel still had for us counts, too.
      await life.disconnected();
      for (const file of this.#files) file.close();
      this.#clients = [];
      this.#workers.clear();
      this.#files = [];
      this.state.ledger.killed();
    }
  }

  async #until(end: Moment | 'politely', life: Life): Promise<void> {
    if (end === 'start') {
      await life.during(after(this.#moments.between(0, Math.max(this.state.startMs, 100))));
      return;
    }
    const started = performance.now();
    const url = await life.during(life.server.ready());
    this.state.startMs = performance.now() - started;
    const drained = this.#drain(life, url);
    if (end === 'drain') {
      // It may be over before the kill, or never.
      drained.catch(life.broken);
      await life.during(after(this.#moments.between(5, 500)));
      return;
    }
    await drained;
    if (end === 'load') await this.#load(life, url);
  }

  /** Loads the server until it is time to kill it. */
  async #load(life: Life, url: string): Promise<void> {
    const { ledger } = this.state;
    for (const by of PROTOCOLS) {
      for (const taker of PROTOCOLS) await this.#work(life, url, { protocol: taker, queue: QUEUES[by] });
      for (const n of [1, 2]) {
        const peer = await life.connect(by, url);
        const name = `c${this.#cycle}-${by}-${n}`;
        const window = this.#whims.oneOf([1, 10, 100, 100]);
        this.#clients.push(new Producer(peer, ledger, { name, queue: QUEUES[by], window }));
      }
    }
    const [least, most] = this.options.lifeMs;
    const half = this.#moments.between(least, most) / 2;
    await life.during(after(half));
    await this.#replaceWorker(life, url);
    await life.during(after(half));
  }

  /** A consumer that holds messages loses its connection, and another comes. */
  async #replaceWorker(life: Life, url: string): Promise<void> {
    const protocol = this.#whims.oneOf<ProtocolName>(['stomp', 'wamp']);
    const queue = QUEUES[this.#whims.oneOf<ProtocolName>(['stomp', 'wamp'])];
    this.#workers.get(`${protocol} ${queue}`)?.cut();
    await this.#work(life, url, { protocol, queue });
  }

  /** A consumer that is slow now and then, and does not acknowledge everything. */
  async #work(
    life: Life,
    url: string,
    { protocol, queue }: { readonly protocol: ProtocolName; readonly queue: string },
  ): Promise<void> {
    const whims = this.#whims;
    const place = `${protocol} ${queue}`;
    const name = `c${this.#cycle}-${this.#workers.has(place) ? 'second-' : ''}${protocol}-of-${queue}`;
    const peer = await life.connect(protocol, url);
    const credit = whims.oneOf([1, 10, 100]);
    // One that it keeps for ever would be its last.
    const keeps = credit < 100 ? 0 : 0.01;
    const delay = (): number | undefined => {
      const chance = whims.next();
      if (chance < keeps) return undefined;
      return chance < 0.7 ? 0 : whims.between(1, 30);
    };
    const taker = { name, alone: false };
    const consuming = Consumer.start(peer, this.state.ledger, this.#file(name), {
      taker,
      queue,
      credit,
      delay,
    });
    const consumer = await life.during(consuming);
    const stop = (): void => consumer.leave();
    this.#clients.push({ stop });
    this.#workers.set(place, {
      cut() {
        stop();
        peer.cut();
      },
    });
  }

  /** Takes everything out of both queues, each by the protocol that its producers did not speak, and closes the books. */
  async #drain(life: Life, url: string): Promise<void> {
    await Promise.all(
      PROTOCOLS.map((by) => this.#drainQueue(life, url, { queue: QUEUES[by], protocol: OTHER[by] })),
    );
    if (!life.over) this.state.ledger.drained();
  }

  async #drainQueue(
    life: Life,
    url: string,
    { protocol, queue }: { readonly protocol: ProtocolName; readonly queue: string },
  ): Promise<void> {
    const name = `c${this.#cycle}-drain-of-${queue}-by-${protocol}`;
    const last = `last of ${name}`;
    const peer = await life.connect(protocol, url);
    let done = (): void => {};
    const empty = new Promise<void>((resolve) => (done = resolve));
    const onOther = (text: string): boolean => {
      if (text === last) done();
      // One of a drain that was cut short by a kill.
      return text.startsWith('last of ');
    };
    const consuming = Consumer.start(peer, this.state.ledger, this.#file(name), {
      taker: { name, alone: true },
      queue,
      credit: 250,
      delay: () => 0,
      onOther,
    });
    const consumer = await life.during(consuming);
    this.#clients.push({ stop: () => consumer.leave() });
    // A queue keeps its order: what comes behind this one was not there.
    peer.enqueue(queue, last, () => {});
    await life.during(within(empty, DRAIN_MS, `${queue} is not drained`));
    await life.during(consumer.settled());
    await life.during(peer.close());
  }

  /** The files of one cycle; those of the cycle before are of no interest any more, if that was clean. */
  #file(name: string): ConsumerFile {
    if (this.#files.length === 0) rmSync(this.#folder, { recursive: true, force: true });
    mkdirSync(this.#folder, { recursive: true });
    const file = new ConsumerFile(this.#folder, name);
    this.#files.push(file);
    return file;
  }
}
