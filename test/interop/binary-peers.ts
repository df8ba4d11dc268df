import type { IMessage } from '@stomp/stompjs';
import { Mailbox } from '../support/mailbox.js';
import { joinWithAutobahn } from './features/autobahn.js';
import type { Args, Dict, FeatureClient, Serializer } from './features/client.js';
import { joinWithWampy } from './features/wampy.js';
import { StompClient } from './stompjs-client.js';

/** What is spoken. */
export type Kind = Serializer | 'stomp';

/** Who speaks it, if it is WAMP. */
export type Make = 'autobahn' | 'wampy' | 'python';

/** Bytes as the one argument, or deep inside of arguments and keyword arguments. */
export type Payload = 'alone' | 'deep';

/** Arguments and keyword arguments. */
export interface Cargo {
  readonly args: Args;
  readonly kwargs: Dict;
}

/** A real client that sends and receives bytes. What it received is told with octets spelled out. */
export interface BinaryPeer {
  send(topic: string, cargo: Cargo): Promise<void>;
  hear(topic: string): Promise<() => Promise<Cargo>>;
  /** Registers a procedure that answers this; what is returned tells what it was asked. */
  serve(procedure: string, answer: Cargo): Promise<() => Promise<Cargo>>;
  ask(procedure: string, cargo: Cargo): Promise<Cargo>;
  leave(): Promise<void>;
}

/** The octets that are sent. */
const OCTETS = [0, 1, 0x7f, 0x80, 0xff];

/**
 * A payload as a program would give it to its client: octets as `Uint8Array` (and, in MessagePack and CBOR of AutobahnJS, once as
 * `Buffer`), in JSON and STOMP as the string that stands for them: no client but Python's writes that by itself.
 */
export function payloadOf(payload: Payload, kind: Kind, make: Make): Cargo {
  const isText = (kind === 'json' && make !== 'python') || (kind === 'stomp' && payload === 'deep');
  const bytes: unknown = isText ? '\0AAF/gP8=' : Uint8Array.from(OCTETS);
  if (payload === 'alone') return { args: [bytes], kwargs: {} };
  const buffer: unknown = isText || make !== 'autobahn' ? bytes : Buffer.from(OCTETS);
  return {
    args: [bytes, { list: [1, [buffer]] }],
    kwargs: { key: { deeper: [bytes, 'text'] } },
  };
}

/** Connects, with a client of JavaScript. */
export async function joinPeer(url: string, kind: Kind, make: Exclude<Make, 'python'>): Promise<BinaryPeer> {
  if (kind === 'stomp') {
    const connectHeaders = { login: 'alice', passcode: 'x' };
    return new StompPeer(await StompClient.connect(url, { connectHeaders }));
  }
  const join = make === 'autobahn' ? joinWithAutobahn : joinWithWampy;
  return new WampPeer(await join(url, kind, 'alice'));
}

class WampPeer implements BinaryPeer {
  constructor(private readonly client: FeatureClient) {}

  send(topic: string, { args, kwargs }: Cargo): Promise<void> {
    return this.client.publish(topic, args, kwargs);
  }

  async hear(topic: string): Promise<() => Promise<Cargo>> {
    const { events } = await this.client.subscribe(topic);
    return async () => spelled(await events.take());
  }

  async serve(procedure: string, answer: Cargo): Promise<() => Promise<Cargo>> {
    const asked = new Mailbox<Cargo>();
    await this.client.register(procedure, (invocation) => {
      asked.put(spelled(invocation));
      return answer;
    });
    return () => asked.take();
  }

  async ask(procedure: string, { args, kwargs }: Cargo): Promise<Cargo> {
    return spelled(await this.client.call(procedure, args, kwargs).answer);
  }

  leave(): Promise<void> {
    return this.client.leave();
  }
}

class StompPeer implements BinaryPeer {
  constructor(private readonly client: StompClient) {}

  async send(topic: string, cargo: Cargo): Promise<void> {
    await this.client.receipt((receipt) => this.#send(`/topic/${topic}`, cargo, receipt));
  }

  async hear(topic: string): Promise<() => Promise<Cargo>> {
    const { messages } = await this.client.listen(`/topic/${topic}`);
    return async () => read(await messages.take());
  }

  async serve(procedure: string, answer: Cargo): Promise<() => Promise<Cargo>> {
    const { messages } = await this.client.listen(`/rpc/${procedure}`);
    const asked = messages.take().then((message) => {
      this.#send(message.headers['reply-to'] ?? '', answer, {});
      return read(message);
    });
    return () => asked;
  }

  async ask(procedure: string, cargo: Cargo): Promise<Cargo> {
    this.#send(`/rpc/${procedure}`, cargo, { 'reply-to': '/temp-queue/answers' });
    return read(await this.client.unhandled.take());
  }

  leave(): Promise<void> {
    return this.client.leave();
  }

  #send(destination: string, { args, kwargs }: Cargo, headers: Record<string, string>): void {
    const [first] = args;
    if (first instanceof Uint8Array) {
      const types = { 'content-type': 'application/octet-stream' };
      this.client.client.publish({ destination, binaryBody: first, headers: { ...headers, ...types } });
    } else {
      this.client.sendJson(
        destination,
        { args, kwargs },
        { ...headers, 'content-type': 'application/wamp+json' },
      );
    }
  }
}

/** A STOMP body as arguments. */
function read(message: IMessage): Cargo {
  const type = message.headers['content-type'];
  if (type === 'application/octet-stream') return spelled({ args: [message.binaryBody], kwargs: {} });
  if (type !== 'application/wamp+json') throw new Error(`unexpected ${String(type)}: ${message.body}`);
  return JSON.parse(message.body) as Cargo;
}

/** The same, with octets spelled out. */
export function spelled({ args, kwargs }: Cargo): Cargo {
  return { args: args.map(spell), kwargs: spell(kwargs) as Dict };
}

function spell(value: unknown): unknown {
  if (value instanceof Uint8Array) return `octets ${Buffer.from(value).toString('hex')}`;
  if (Array.isArray(value)) return value.map(spell);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, spell(item)]));
}
