import type { Broker } from '../../src/broker/index.js';
import { noInstrumentation } from '../../src/broker/index.js';
import { CoarseTimers } from '../../src/lib/index.js';
import { MangroveClient } from '../../src/nest/index.js';
import type { LocalClient, Pattern, Principal, Router, RolesAuthorizer } from '../../src/router/index.js';
import { MangroveError, createRouter, roles, stomp, wamp } from '../../src/router/index.js';
import type { Subprotocol } from '../../src/subprotocols/index.js';
import { DEFAULT_SESSION_LIMITS } from '../../src/subprotocols/index.js';
import type { TestServices } from '../../src/testing/index.js';
import { ManualClock, SequentialIds, StompPeer, WampPeer } from '../../src/testing/index.js';
import { letIn } from './doors.js';

const REALM = 'realm1';
/** More than any test asks for. */
const PLENTY = 1_000_000;
/** Not more than handlers take in one turn, the router's own events included. */
const TOPICS_PER_TURN = 48;
const YES = 'yes';

/** What came to one of many wishes: `yes`, or the URI of the refusal; undefined if it cannot be said through that door. */
export type Answer = string | undefined;
/** What is asked about exact addresses. */
export type Asking = 'publish' | 'call' | 'register';
/** Told of an event: which of the patterns it came to, and its topic. */
export type Heard = (pattern: number, topic: string) => void;

/** One session of a kind that takes many wishes at once. */
export interface ManyDoor {
  /** Subscribes to all patterns, which are known by their place from then on. */
  subscribe(patterns: readonly Pattern[]): Promise<readonly Answer[]>;
  ask(action: Asking, names: readonly string[]): Promise<readonly Answer[]>;
  /** Tells of the events that have come since the subscriptions. */
  take(heard: Heard): void;
  close(): void;
}

/** A router without a server, the clients' side of which is arrays; and a publisher that may do everything. */
export class InProcess {
  readonly authorizer: RolesAuthorizer = roles({});
  readonly #router: Router;
  readonly #broker: Broker;
  readonly #services: TestServices;
  readonly #publisher: LocalClient;

  constructor(private readonly principal: Principal) {
    const [clock, ids, authenticator] = [new ManualClock(), new SequentialIds(), letIn([principal])];
    const brokers = new Map<string, Broker>();
    // Speaks nothing: it is there to be shown the realms.
    const witness: Subprotocol = {
      name: 'witness',
      tokens: ['witness.test'],
      realmStarted: (broker) => void brokers.set(broker.realm, broker),
      open() {
        throw new Error('Nobody speaks this.');
      },
    };
    this.#router = createRouter({
      realms: [REALM],
      subprotocols: [stomp(), wamp(), witness],
      authorizer: this.authorizer,
      authenticator,
      clock,
      ids,
      limits: {
        subscriptions: PLENTY,
        patternSubscriptions: PLENTY,
        registrations: PLENTY,
        callsPerCaller: PLENTY,
      },
    });
    this.#broker = brokers.get(REALM)!;
    this.#services = {
      clock,
      ids,
      authenticator,
      brokers,
      timers: new CoarseTimers(clock),
      instrumentation: noInstrumentation,
      limits: DEFAULT_SESSION_LIMITS,
      server: 'mangrove/0.0.0',
      realms: { defaultRealm: REALM, find: (name) => brokers.get(name) },
    };
    this.#publisher = this.#router.connect();
  }

  /** The four ways in, each with a session of its own. */
  open(): Readonly<Record<'stomp' | 'wamp' | 'local' | 'nest', ManyDoor>> {
    const { principal } = this;
    const connect = (): LocalClient => this.#router.connect({ principal });
    return {
      stomp: new StompDoor(this.#services, principal.authid),
      wamp: new WampDoor(this.#services, principal.authid),
      local: new LocalDoor(connect()),
      nest: new LocalDoor(new MangroveClient(connect)),
    };
  }

  /** One event to each topic, with the topic as its only argument. Under `wamp.` it is the router that publishes. */
  async publish(topics: readonly string[]): Promise<void> {
    for (let at = 0; at < topics.length; at += TOPICS_PER_TURN) {
      const some = topics.slice(at, at + TOPICS_PER_TURN);
      await Promise.all(some.map((topic) => this.#publishOne(topic)));
      this.#services.clock.flush();
      await new Promise((go) => setImmediate(go));
    }
  }

  #publishOne(topic: string): unknown {
    if (!/^wamp(?:\.|$)/.test(topic)) return this.#publisher.publish(topic, [topic]);
    this.#broker.announce(topic, [topic]);
    return undefined;
  }

  /** Sessions that are there besides the publisher's. */
  get guests(): number {
    return this.#broker.stats.sessions - 1;
  }

  close(): Promise<void> {
    return this.#router.close();
  }
}

/** STOMP on a link without a socket, with soft errors. */
class StompDoor implements ManyDoor {
  readonly #peer: StompPeer;

  constructor(services: TestServices, login: string) {
    this.#peer = StompPeer.connect(services, {}, { login, passcode: 'x', 'soft-errors': 'true' });
  }

  subscribe(patterns: readonly Pattern[]): Promise<readonly Answer[]> {
    return this.#say(patterns, ({ match, text }, receipt) => {
      if (match === 'prefix') return false;
      const destination = `/topic/${text.split('.').map(starred).join('.')}`;
      this.#peer.send('SUBSCRIBE', { id: receipt, destination, receipt });
      return true;
    });
  }

  ask(action: Asking, names: readonly string[]): Promise<readonly Answer[]> {
    return this.#say(names, (name, receipt) => {
      if (action === 'publish') this.#peer.send('SEND', { destination: `/topic/${name}`, receipt });
      else if (action === 'register')
        this.#peer.send('SUBSCRIBE', { id: receipt, destination: `/rpc/${name}`, receipt });
      else {
        const how = { 'reply-to': '/temp-queue/a', 'correlation-id': receipt };
        this.#peer.send('SEND', { destination: `/rpc/${name}`, ...how });
      }
      return true;
    });
  }

  take(heard: Heard): void {
    for (const message of this.#peer.takeRaw()) {
      const frame = message.toString();
      if (!frame.startsWith('MESSAGE\n')) throw new Error(`unexpected ${frame}`);
      const [, pattern] = /\nsubscription:(\d+)\n/.exec(frame) ?? [];
      const [, topic] = /\ndestination:\/topic\/(\S+)\n/.exec(frame) ?? [];
      heard(Number(pattern), topic!);
    }
  }

  close(): void {
    this.#peer.disconnect();
  }

  /** The answers to frames, by the numbers that they have been given. */
  #say<T>(wishes: readonly T[], send: (wish: T, receipt: string) => boolean): Promise<readonly Answer[]> {
    const sent = wishes.map((wish, at) => send(wish, String(at)));
    const answers: Answer[] = wishes.map(() => undefined);
    for (const { command, headers } of this.#peer.take()) {
      const number = headers['receipt-id'] ?? headers['correlation-id'];
      if (command === 'ERROR' && number === undefined) throw new Error(headers['message']);
      if (number !== undefined) answers[Number(number)] = headers['error'] ?? YES;
    }
    return Promise.resolve(checked(answers, sent));
  }
}

/** WAMP on a link without a socket. */
class WampDoor implements ManyDoor {
  readonly #peer: WampPeer;
  /** subscription id → its patterns */
  readonly #patterns = new Map<unknown, number[]>();

  constructor(services: TestServices, authid: string) {
    this.#peer = WampPeer.join(services, {}, { authid, authmethods: ['ticket'] });
  }

  subscribe(patterns: readonly Pattern[]): Promise<readonly Answer[]> {
    return this.#say(
      patterns,
      ({ match, text }) => {
        // A single word that is empty would be an empty URI.
        if (match === 'multi' || (match === 'wildcard' && text === '')) return undefined;
        return this.#peer.subscribe(text, match === 'exact' ? {} : { match });
      },
      (at, id) => this.#patterns.set(id, [...(this.#patterns.get(id) ?? []), at]),
    );
  }

  ask(action: Asking, names: readonly string[]): Promise<readonly Answer[]> {
    return this.#say(names, (name) => {
      if (action === 'publish') return this.#peer.publish(name, [], { acknowledge: true });
      return action === 'call' ? this.#peer.call(name) : this.#peer.register(name);
    });
  }

  take(heard: Heard): void {
    for (const message of this.#peer.take()) {
      const [code, subscription, , , args] = message;
      if (code !== 36) throw new Error(`unexpected ${JSON.stringify(message)}`);
      const topic = topicOf(args as readonly unknown[]);
      for (const pattern of this.#patterns.get(subscription) ?? []) heard(pattern, topic);
    }
  }

  close(): void {
    this.#peer.disconnect();
  }

  #say<T>(
    wishes: readonly T[],
    send: (wish: T) => number | undefined,
    granted: (at: number, id: unknown) => void = () => {},
  ): Promise<readonly Answer[]> {
    const requests = new Map<unknown, number>();
    const sent = wishes.map((wish, at) => {
      const request = send(wish);
      if (request !== undefined) requests.set(request, at);
      return request !== undefined;
    });
    const answers: Answer[] = wishes.map(() => undefined);
    for (const message of this.#peer.take()) {
      if (message[0] === 36) continue;
      const refused = message[0] === 8;
      const at = requests.get(message[refused ? 2 : 1]);
      if (at === undefined) throw new Error(`unexpected ${JSON.stringify(message)}`);
      answers[at] = refused ? String(message[4]) : YES;
      if (!refused) granted(at, message[2]);
    }
    return Promise.resolve(checked(answers, sent));
  }
}

/** A client in the process: the router's own, or what Nest injects. */
class LocalDoor implements ManyDoor {
  #heard: [number, string][] = [];

  constructor(private readonly client: LocalClient) {}

  subscribe(patterns: readonly Pattern[]): Promise<readonly Answer[]> {
    return answersOf(patterns, ({ match, text }, at) =>
      this.client.subscribe(text, ({ args }) => void this.#heard.push([at, topicOf(args)]), { match }),
    );
  }

  ask(action: Asking, names: readonly string[]): Promise<readonly Answer[]> {
    return answersOf(names, (name) => {
      if (action === 'publish') return this.client.publish(name);
      return action === 'call' ? this.client.call(name) : this.client.register(name, () => {});
    });
  }

  take(heard: Heard): void {
    for (const [pattern, topic] of this.#heard) heard(pattern, topic);
    this.#heard = [];
  }

  close(): void {
    this.client.close();
  }
}

/** What the promises come to. */
function answersOf<T>(
  wishes: readonly T[],
  make: (wish: T, at: number) => Promise<unknown>,
): Promise<Answer[]> {
  const refused = (error: unknown): string => {
    if (error instanceof MangroveError) return error.uri;
    throw error;
  };
  return Promise.all(wishes.map((wish, at) => make(wish, at).then(() => YES, refused)));
}

/** Everything that was sent has been answered, or nobody could compare it. */
function checked(answers: readonly Answer[], sent: readonly boolean[]): readonly Answer[] {
  const silent = answers.findIndex((answer, at) => (answer === undefined) === sent[at]);
  if (silent >= 0) throw new Error(`wish ${silent} was answered with ${answers[silent]}`);
  return answers;
}

/** The topic that an event of ours names; of the router's own, nothing. */
function topicOf([first]: readonly unknown[]): string {
  return typeof first === 'string' ? first : '';
}

function starred(word: string): string {
  return word === '' ? '*' : word;
}
