import type { Broken, Peer, ProtocolName } from './peer.js';
import { ServerProcess } from './server-process.js';
import type { Prefix, Site } from './server-process.js';
import { StompPeer } from './stomp-peer.js';
import { WampPeer } from './wamp-peer.js';

/** One life of the server and all who wait for something in it: whatever goes wrong ends every wait. */
export class Life {
  readonly server: ServerProcess;
  readonly #over: Promise<never>;
  #fail: (why: Error) => void = () => {};
  #expected = false;
  readonly #peers: Peer[] = [];

  /** @param prefix what stands before `node` on the command line. */
  constructor(main: string, site: Site, prefix: Prefix = []) {
    this.#over = new Promise((_, reject) => (this.#fail = reject));
    // Nobody may be waiting just then.
    this.#over.catch(() => {});
    this.server = new ServerProcess(main, site, this.broken, prefix);
  }

  /** To be told when a connection breaks. */
  readonly broken: Broken = (why) => {
    if (!this.#expected) this.#fail(why);
  };

  /** Connects a client. */
  connect(protocol: ProtocolName, url: string): Promise<Peer> {
    return protocol === 'stomp' ? this.stomp(url) : this.#known(WampPeer.connect(url, this.broken));
  }

  /** Connects a client that speaks STOMP. */
  stomp(url: string): Promise<StompPeer> {
    return this.#known(StompPeer.connect(url, this.broken));
  }

  /** Resolves when all clients have read to the end of their connections. */
  async disconnected(): Promise<void> {
    await Promise.all(this.#peers.map((peer) => peer.gone));
  }

  /** Waits, or throws as soon as the server or a connection has failed or the life is over. */
  during<T>(waits: Promise<T>): Promise<T> {
    return Promise.race([waits, this.#over]);
  }

  /** Whether `kill` or `stop` has been called. */
  get over(): boolean {
    return this.#expected;
  }

  /** Ends it as a crash does. */
  kill(): Promise<void> {
    this.#end();
    return this.server.kill();
  }

  /** Ends it as an operator does. */
  stop(): Promise<void> {
    this.#end();
    return this.server.stop();
  }

  async #known<T extends Peer>(connecting: Promise<T>): Promise<T> {
    const peer = await this.during(connecting);
    this.#peers.push(peer);
    return peer;
  }

  #end(): void {
    this.#expected = true;
    this.#fail(new Error('the life of this server is over'));
  }
}

/** Waits, in ms. */
export function after(ms: number): Promise<void> {
  return new Promise((go) => setTimeout(go, ms));
}

/** Waits no longer than so many ms. @throws Error with what is not so then. */
export async function within<T>(waits: Promise<T>, ms: number, problem: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${problem} after ${ms} ms`)), ms);
  });
  try {
    return await Promise.race([waits, late]);
  } finally {
    clearTimeout(timer);
  }
}
