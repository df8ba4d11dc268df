import type { Authenticator, LocalClient, MatchPolicy, Principal } from '../../src/router/index.js';
import { MangroveError } from '../../src/router/index.js';
import { PlainStomp, PlainWamp } from '../support/plain-clients.js';

/** One thing that somebody wants to do. */
export type Wish =
  | { readonly action: 'publish' | 'call' | 'register' | 'enqueue' | 'consume'; readonly name: string }
  | { readonly action: 'subscribe'; readonly name: string; readonly match: MatchPolicy };

/** A way into the router: what comes of a wish there, `yes` or the URI of the refusal; undefined if it cannot be said there. */
export interface Door {
  ask(wish: Wish): Promise<string | undefined>;
  close(): Promise<void> | void;
}

const YES = 'yes';

/** Lets everybody in who has one of these names, as that principal. */
export function letIn(principals: readonly Principal[]): Authenticator {
  return {
    methods: ['ticket'],
    begin({ authid }) {
      const principal = principals.find((known) => known.authid === authid);
      return principal === undefined
        ? { kind: 'refused', code: 'authentication_denied' }
        : { kind: 'accepted', principal };
    },
  };
}

/** WAMP over a WebSocket. */
export class WampDoor implements Door {
  private constructor(private readonly client: PlainWamp) {}

  static async open(url: string, authid: string, realm: string): Promise<WampDoor> {
    return new WampDoor(await PlainWamp.connect(url, 'json', {}, { realm, authid, authmethods: ['ticket'] }));
  }

  async ask(wish: Wish): Promise<string | undefined> {
    const { name } = wish;
    switch (wish.action) {
      case 'publish':
        return (await this.#say(16, { acknowledge: true }, name)).answer;
      case 'enqueue':
        return (await this.#say(16, { acknowledge: true, _queue: true }, name)).answer;
      case 'call':
        return (await this.#say(48, {}, name)).answer;
      case 'register':
        return this.#andBack(64, 66, {}, name);
      case 'consume':
        return this.#andBack(32, 34, { _queue: true }, name);
      case 'subscribe':
        if (wish.match === 'multi') return undefined;
        return this.#andBack(32, 34, { match: wish.match }, name);
    }
  }

  close(): Promise<void> {
    return this.client.close();
  }

  async #andBack(code: number, undo: number, options: object, name: string): Promise<string> {
    const { answer, id } = await this.#say(code, options, name);
    if (answer === YES) await this.#say(undo, id);
    return answer;
  }

  async #say(code: number, ...rest: readonly unknown[]): Promise<{ answer: string; id: unknown }> {
    const request = this.client.request();
    this.client.send([code, request, ...rest]);
    for (;;) {
      const message = await this.client.next();
      if (message[0] === 8 && message[2] === request) return { answer: String(message[4]), id: undefined };
      if (message[1] === request) return { answer: YES, id: message[2] };
    }
  }
}

/** STOMP over a WebSocket, with soft errors. */
export class StompDoor implements Door {
  #count = 0;

  private constructor(private readonly client: PlainStomp) {}

  static async open(url: string, login: string, host: string): Promise<StompDoor> {
    return new StompDoor(
      await PlainStomp.connect(url, { host, login, passcode: 'x', 'soft-errors': 'true' }),
    );
  }

  async ask(wish: Wish): Promise<string | undefined> {
    const { name } = wish;
    switch (wish.action) {
      case 'publish': {
        const [, user, rest] = /^user\.([^.]+)\.((?:queue|topic)\..+)$/.exec(name) ?? [];
        const topic = user === undefined ? `/topic/${name}` : `/user/${user}/${rest!.replaceAll('.', '/')}`;
        return this.#say('SEND', { destination: topic });
      }
      case 'enqueue':
        return this.#say('SEND', { destination: `/queue/${name}` });
      case 'call':
        return this.#call(name);
      case 'register':
        return this.#subscribe(`/rpc/${name}`);
      case 'consume':
        return this.#subscribe(`/queue/${name}`);
      case 'subscribe': {
        if (wish.match === 'prefix') return undefined;
        const words = name.split('.').map((word) => (word === '' ? '*' : word));
        // In STOMP these destinations are written otherwise, and only for the own name.
        if (wish.match === 'exact' && words[0] === 'user') return undefined;
        return this.#subscribe(`/topic/${words.join('.')}`);
      }
    }
  }

  close(): Promise<void> {
    return this.client.close();
  }

  async #subscribe(destination: string): Promise<string> {
    const answer = await this.#say('SUBSCRIBE', { id: 'one', destination });
    if (answer === YES) await this.#say('UNSUBSCRIBE', { id: 'one' });
    return answer;
  }

  async #call(name: string): Promise<string> {
    const id = String((this.#count += 1));
    this.client.send('SEND', {
      destination: `/rpc/${name}`,
      'reply-to': '/temp-queue/a',
      'correlation-id': id,
    });
    for (;;) {
      const { command, headers } = await this.client.next();
      if (command === 'ERROR') throw new Error(headers['message']);
      if (headers['correlation-id'] === id) return headers['error'] ?? YES;
    }
  }

  async #say(command: string, headers: Readonly<Record<string, string>>): Promise<string> {
    const receipt = `r${(this.#count += 1)}`;
    this.client.send(command, { ...headers, receipt });
    for (;;) {
      const { command: answer, headers: said } = await this.client.next();
      if (answer === 'ERROR') throw new Error(said['message']);
      if (said['receipt-id'] === receipt) return answer === 'RECEIPT' ? YES : (said['error'] ?? 'no error');
    }
  }
}

/** A client in the process: the router's own, or what Nest injects. */
export class LocalDoor implements Door {
  constructor(private readonly client: LocalClient) {}

  async ask(wish: Wish): Promise<string | undefined> {
    try {
      await this.#do(wish);
      return YES;
    } catch (error) {
      if (error instanceof MangroveError) return error.uri;
      throw error;
    }
  }

  close(): void {
    this.client.close();
  }

  async #do(wish: Wish): Promise<void> {
    const { client } = this;
    const { name } = wish;
    switch (wish.action) {
      case 'publish':
        await client.publish(name);
        return;
      case 'enqueue':
        await client.enqueue(name);
        return;
      case 'call':
        await client.call(name);
        return;
      case 'register':
        await (await client.register(name, () => undefined)).unregister();
        return;
      case 'consume':
        (await client.consume(name, () => {})).cancel();
        return;
      case 'subscribe':
        (await client.subscribe(name, () => {}, { match: wish.match })).unsubscribe();
    }
  }
}
