import { Client } from '@stomp/stompjs';
import type { IFrame, IMessage, StompConfig, StompHeaders } from '@stomp/stompjs';
import { Mailbox } from '../support/mailbox.js';

/** How a WebSocket was closed. */
export interface StompClose {
  readonly code: number;
  readonly reason: string;
}

/** A subscription whose MESSAGEs can be taken one by one. */
export interface StompSubscription {
  readonly id: string;
  readonly messages: Mailbox<IMessage>;
}

/** The client of stompjs, of whatever version. */
export type StompJs = new (config: StompConfig) => Client;

/** The real stompjs, which needs a `WebSocket` in the global object. Heart-beats and reconnecting are off unless asked for. */
export class StompClient {
  readonly client: Client;
  /** CONNECTED frames, the first one taken by `connect`. */
  readonly connections = new Mailbox<IFrame>();
  /** MESSAGEs of no subscription: answers to a reply address. */
  readonly unhandled = new Mailbox<IMessage>();
  readonly errors = new Mailbox<IFrame>();
  readonly closes = new Mailbox<StompClose>();
  #receipts = 0;

  private constructor(url: string, config: StompConfig, Made: StompJs) {
    this.client = new Made({
      brokerURL: url,
      reconnectDelay: 0,
      heartbeatIncoming: 0,
      heartbeatOutgoing: 0,
      onConnect: (frame: IFrame) => this.connections.put(frame),
      onUnhandledMessage: (message) => this.unhandled.put(message),
      onStompError: (frame: IFrame) => this.errors.put(frame),
      onWebSocketClose: ({ code, reason }: StompClose) => this.closes.put({ code, reason }),
      ...config,
    });
  }

  /** Connects; `connected` is the CONNECTED frame. Without `Made` the current version is used. */
  static async connect(url: string, config: StompConfig = {}, Made: StompJs = Client): Promise<StompClient> {
    const client = new StompClient(url, config, Made);
    client.client.activate();
    client.connected = await client.connections.take();
    return client;
  }

  /** The first CONNECTED frame. */
  connected!: IFrame;

  /** Has a frame sent with a receipt, and resolves when its RECEIPT has arrived. */
  receipt(send: (receipt: StompHeaders) => void): Promise<IFrame> {
    this.#receipts += 1;
    const receipt = `receipt-${this.#receipts}`;
    const arrived = new Mailbox<IFrame>();
    this.client.watchForReceipt(receipt, (frame) => arrived.put(frame));
    send({ receipt });
    return arrived.take();
  }

  /** Subscribes, and resolves when the RECEIPT says that the subscription is in force. */
  async listen(destination: string, headers: StompHeaders = {}): Promise<StompSubscription> {
    const messages = new Mailbox<IMessage>();
    let id = '';
    await this.receipt((receipt) => {
      ({ id } = this.client.subscribe(destination, (message) => messages.put(message), {
        ...headers,
        ...receipt,
      }));
    });
    return { id, messages };
  }

  /** SENDs JSON. */
  sendJson(destination: string, value: unknown, headers: StompHeaders = {}): void {
    this.client.publish({
      destination,
      body: JSON.stringify(value),
      headers: { 'content-type': 'application/json', ...headers },
    });
  }

  /** DISCONNECT with its RECEIPT, then the close. */
  leave(): Promise<void> {
    return this.client.deactivate();
  }
}
