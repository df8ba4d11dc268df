import type { WebSocket } from 'ws';
import type { Broken, Delivery, Peer } from './peer.js';
import { closeSocket, closedSocket, connectPeer, cutSocket } from './peer.js';

const WELCOME = 2;
const GOODBYE = 6;
const PUBLISHED = 17;
const REGISTERED = 65;
const INVOCATION = 68;

/** A client that speaks WAMP in JSON: PUBLISH with `_queue`, and a callee of `queue.<name>` whose YIELD acknowledges. */
export class WampPeer implements Peer {
  readonly protocol = 'wamp';
  readonly gone: Promise<void>;
  #requests = 0;
  /** request id → who waits for PUBLISHED or REGISTERED */
  readonly #waiting = new Map<number, () => void>();
  #take: (delivery: Delivery) => void = () => {
    throw new Error('an INVOCATION without a registration');
  };

  private constructor(
    private readonly socket: WebSocket,
    private readonly welcome: () => void,
  ) {
    this.gone = closedSocket(socket);
  }

  static connect(this: void, url: string, broken: Broken): Promise<WampPeer> {
    const greeting = JSON.stringify([
      1,
      'realm1',
      { roles: { publisher: {}, callee: {} }, agent: 'crash-test' },
    ]);
    const make = (socket: WebSocket, ready: () => void): WampPeer => new WampPeer(socket, ready);
    return connectPeer(
      { url, token: 'wamp.2.json', make, greeting },
      (peer, text) => peer.#hears(text),
      broken,
    );
  }

  enqueue(queue: string, text: string, confirmed: () => void): void {
    this.#say([16, this.#request(confirmed), { acknowledge: true, _queue: true }, queue, [text]]);
  }

  consume(queue: string, _credit: number, take: (delivery: Delivery) => void): Promise<void> {
    this.#take = take;
    return new Promise((resolve) => {
      this.#say([64, this.#request(resolve), { invoke: 'roundrobin' }, `queue.${queue}`]);
    });
  }

  cut(): void {
    cutSocket(this.socket);
  }

  close(): Promise<void> {
    return closeSocket(this.socket);
  }

  #request(waits: () => void): number {
    this.#requests += 1;
    this.#waiting.set(this.#requests, waits);
    return this.#requests;
  }

  #say(message: readonly unknown[]): void {
    this.socket.send(JSON.stringify(message));
  }

  #hears(text: string): void {
    const message = JSON.parse(text) as readonly unknown[];
    switch (message[0]) {
      case WELCOME:
        return this.welcome();
      case PUBLISHED:
      case REGISTERED:
        return this.#answered(Number(message[1]));
      case INVOCATION:
        return this.#invoked(text, message);
      case GOODBYE:
        return;
      default:
        throw new Error(`the server says ${text.slice(0, 500)}`);
    }
  }

  #answered(request: number): void {
    const waits = this.#waiting.get(request);
    if (waits === undefined) throw new Error(`a second answer to ${request}, or one too many`);
    this.#waiting.delete(request);
    waits();
  }

  #invoked(text: string, [, request, , details, args]: readonly unknown[]): void {
    if (!Array.isArray(args) || typeof args[0] !== 'string') throw new Error(`not one string: ${text}`);
    this.#take({
      text: args[0],
      redelivered: (details as { readonly _redelivered?: boolean })._redelivered === true,
      acknowledge: () => this.#say([70, request, {}]),
    });
  }
}
