import type { WebSocket } from 'ws';
import type { Broken, Delivery, Peer } from './peer.js';
import { closeSocket, closedSocket, connectPeer, cutSocket } from './peer.js';

/** A client that speaks STOMP 1.2: SEND with receipt, ACK of each message by itself, with receipt. */
export class StompPeer implements Peer {
  readonly protocol = 'stomp';
  readonly gone: Promise<void>;
  #receipts = 0;
  /** receipt id → who waits for it */
  readonly #waiting = new Map<string, () => void>();
  #take: (delivery: Delivery) => void = () => {
    throw new Error('a MESSAGE without a subscription');
  };

  private constructor(
    private readonly socket: WebSocket,
    private readonly connected: () => void,
  ) {
    this.gone = closedSocket(socket);
  }

  static connect(this: void, url: string, broken: Broken): Promise<StompPeer> {
    const greeting = 'CONNECT\naccept-version:1.2\nhost:realm1\nheart-beat:0,0\n\n\0';
    const make = (socket: WebSocket, ready: () => void): StompPeer => new StompPeer(socket, ready);
    return connectPeer(
      { url, token: 'v12.stomp', make, greeting },
      (peer, text) => peer.#hears(text),
      broken,
    );
  }

  /** @param id of the receipt; default: the next of a row. */
  enqueue(queue: string, text: string, confirmed: () => void, id?: string): void {
    const receipt = this.#receipt(confirmed, id);
    this.socket.send(
      `SEND\ndestination:/queue/${queue}\npersistent:true\ncontent-type:text/plain\nreceipt:${receipt}\n\n${text}\0`,
    );
  }

  consume(queue: string, credit: number, take: (delivery: Delivery) => void): Promise<void> {
    this.#take = take;
    return new Promise((resolve) => {
      const receipt = this.#receipt(resolve);
      this.socket.send(
        `SUBSCRIBE\nid:0\ndestination:/queue/${queue}\nack:client-individual\nprefetch-count:${credit}\nreceipt:${receipt}\n\n\0`,
      );
    });
  }

  cut(): void {
    cutSocket(this.socket);
  }

  close(): Promise<void> {
    return closeSocket(this.socket);
  }

  #receipt(waits: () => void, receipt = String((this.#receipts += 1))): string {
    this.#waiting.set(receipt, waits);
    return receipt;
  }

  #hears(text: string): void {
    const end = text.indexOf('\n\n');
    // A heart-beat.
    if (end < 0) return;
    const head = text.slice(0, end + 1);
    const command = head.slice(0, head.indexOf('\n'));
    if (command === 'RECEIPT') return this.#received(valueOf(head, 'receipt-id'));
    if (command === 'CONNECTED') return this.connected();
    if (command !== 'MESSAGE') throw new Error(`the server says ${JSON.stringify(text.slice(0, 500))}`);
    const ack = valueOf(head, 'ack');
    this.#take({
      text: bodyOf(text.slice(end + 2, -1)),
      redelivered: head.includes('\nredelivered:true\n'),
      acknowledge: (settled) => this.socket.send(`ACK\nid:${ack}\nreceipt:${this.#receipt(settled)}\n\n\0`),
    });
  }

  #received(receipt: string): void {
    const waits = this.#waiting.get(receipt);
    if (waits === undefined) throw new Error(`a second RECEIPT for ${receipt}, or one too many`);
    this.#waiting.delete(receipt);
    waits();
  }
}

function valueOf(head: string, name: string): string {
  const at = head.indexOf(`\n${name}:`);
  if (at < 0) throw new Error(`no ${name} in ${JSON.stringify(head)}`);
  const start = at + name.length + 2;
  return head.slice(start, head.indexOf('\n', start));
}

/** What a WAMP client has sent as a string comes as JSON. */
function bodyOf(body: string): string {
  return body.startsWith('"') ? String(JSON.parse(body)) : body;
}
