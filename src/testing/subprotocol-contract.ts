import type { Handshake, Session, Subprotocol } from '../subprotocols/index.js';
import { FakeLink } from './fake-link.js';
import { testServices } from './test-services.js';
import type { TestServices } from './test-services.js';

/** What the suite needs of a test framework; those of Jest, Vitest, Mocha and `node:test` fit. */
export interface TestRunner {
  describe(title: string, body: () => void): unknown;
  it(title: string, body: () => void): unknown;
}

/** A WebSocket message: a string is sent as text, a Buffer as binary. */
export type SampleMessage = string | Buffer;

/** The subprotocol under test, and enough of its language to talk to it. The token is undefined if none was offered. */
export interface SubprotocolSample {
  /** Makes the subprotocol, a new one for each test. */
  readonly create: () => Subprotocol;
  /** What a client says to get a session with the default authenticator, which lets everybody in. */
  readonly login: (token: string | undefined) => readonly SampleMessage[];
  /** What a client with a session says to be answered at once. The same may be said twice in a session. */
  readonly question: (token: string | undefined) => SampleMessage;
  /** Messages that this protocol does not understand or allow, besides those that the suite makes. Default none. */
  readonly nonsense?: readonly SampleMessage[];
}

/**
 * Proves that a subprotocol keeps the contract between wire protocols and the transport: nothing throws whatever arrives,
 * sessions do not disturb each other, a stop ends them in time, and nothing is left of them.
 *
 * Tests are defined with the runner given; a failure is an Error thrown by its test. They are synchronous and take
 * milliseconds: time is a manual clock, the network a {@link FakeLink}.
 */
export function subprotocolContract({ describe, it }: TestRunner, sample: SubprotocolSample): void {
  const { name } = sample.create();

  describe(`the subprotocol ${name}`, () => {
    it('has a lower-case name', () => {
      check(/^[a-z][a-z0-9-]*$/.test(name), `"${name}" is not a lower-case word`);
    });

    it('has tokens that a handshake can carry, each once', () => {
      const { tokens } = sample.create();
      for (const token of tokens) check(TOKEN.test(token), `"${token}" is no HTTP token`);
      check(new Set(tokens).size === tokens.length, `a token twice: ${tokens.join(' ')}`);
      check(tokens.length > 0 || recognises(sample), 'neither a token nor `recognises`');
    });

    if (recognises(sample)) {
      it('recognises the first message of its clients, and leaves messages as they are', () => {
        const subprotocol = sample.create();
        const first = sample.login(undefined)[0] ?? fail('`login` says nothing');
        check(recognised(subprotocol, first), `does not recognise ${shown(first)}`);
        check(recognised(subprotocol, first), `recognises ${shown(first)} only once`);
        for (const message of messagesOf(sample)) recognised(subprotocol, message);
      });
    }

    const languages = recognises(sample)
      ? [...sample.create().tokens, undefined]
      : [...sample.create().tokens];
    for (const token of languages) {
      describe(token === undefined ? 'without a token' : `with ${token}`, () => {
        defineConversation(it, sample, token);
        defineResistance(it, sample, token);
        defineEnd(it, sample, token);
      });
    }
  });
}

type Define = TestRunner['it'];

function defineConversation(it: Define, sample: SubprotocolSample, token: string | undefined): void {
  it('establishes a session by a login, and answers', () => {
    const stage = new Stage(sample, token);
    const client = stage.open().login();
    check(client.link.isEstablished, '`link.established()` was not called');
    check(client.isOpen, `the login was refused: ${client.link.closeReason?.text}`);
    check(client.link.paused.size === 0, `reading is still paused: ${[...client.link.paused].join(' ')}`);
    client.expectAnswer();
    client.expectAnswer();
    stage.end();
  });

  it('keeps sessions apart', () => {
    const stage = new Stage(sample, token);
    const one = stage.open().login();
    const other = stage.open().login();
    one.link.take();
    other.expectAnswer();
    check(one.link.take().length === 0, 'one session heard the answer to another');
    for (const message of messagesOf(sample)) other.say(message);
    other.end();
    one.expectAnswer();
    stage.end();
  });

  it('may be told at any time that the link has room', () => {
    const stage = new Stage(sample, token);
    const client = stage.open();
    client.session.drained();
    client.login().session.drained();
    client.expectAnswer();
    stage.end();
    client.session.drained();
  });
}

function defineResistance(it: Define, sample: SubprotocolSample, token: string | undefined): void {
  it('survives every message as the first one', () => {
    const stage = new Stage(sample, token);
    for (const message of [...messagesOf(sample), ...damaged(sample.login(token))]) {
      const client = stage.open().say(message);
      client.session.drained();
      client.end();
    }
    stage.end();
  });

  it('survives every message after a login', () => {
    const stage = new Stage(sample, token);
    for (const message of [...messagesOf(sample), ...damaged([sample.question(token)])]) {
      const client = stage.open().login().say(message);
      client.session.drained();
      client.end();
    }
    stage.end();
  });

  it('survives what arrives after it has closed the link', () => {
    const stage = new Stage(sample, token);
    for (const message of messagesOf(sample)) {
      const client = stage.open().login().say(message);
      if (!client.isOpen) client.say(sample.question(token), message).session.drained();
      client.end();
    }
    stage.end();
  });
}

function defineEnd(it: Define, sample: SubprotocolSample, token: string | undefined): void {
  it('closes the link in time when the server stops, with a session and without', () => {
    const stage = new Stage(sample, token);
    const clients = [stage.open(), stage.open().login()];
    const deadline = stage.services.clock.now() + GOOD_BYE_MS;
    for (const { session } of clients) session.closing(deadline);
    for (const client of clients) client.say(sample.question(token));
    stage.services.clock.advance(GOOD_BYE_MS);
    for (const { link } of clients) {
      check(link.closeReason !== undefined, 'the link is open after the deadline');
      const { kind } = link.closeReason ?? fail();
      check(kind === 'going_away' || kind === 'normal', `closed as ${kind}`);
    }
    stage.end();
  });

  it('leaves nothing of a session when its link has ended', () => {
    const stage = new Stage(sample, token);
    stage.open().end();
    stage.open().login().end();
    stage.open().login().say(sample.question(token)).end();
    const stopped = stage.open().login();
    stopped.session.closing(stage.services.clock.now() + GOOD_BYE_MS);
    stopped.end();
    stage.end();
  });

  it('says nothing more when its link has ended', () => {
    const stage = new Stage(sample, token);
    const client = stage.open().login();
    client.end();
    client.link.take();
    stage.services.clock.advance(A_DAY_MS);
    check(client.link.take().length === 0, 'spoke after its end');
    stage.end();
  });
}

/** What a server gives its sessions for a good-bye, in ms. */
const GOOD_BYE_MS = 5000;
const A_DAY_MS = 86_400_000;
/** [RFC 9110 §5.6.2] */
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

/** One subprotocol with its services, and the clients of one test. */
class Stage {
  readonly services: TestServices = testServices();
  readonly #subprotocol: Subprotocol;
  readonly #clients: Client[] = [];
  /** What the brokers hold before the first client: what the protocol itself has attached. */
  readonly #before: string;

  constructor(
    private readonly sample: SubprotocolSample,
    private readonly token: string | undefined,
  ) {
    this.#subprotocol = sample.create();
    for (const broker of this.services.brokers.values()) this.#subprotocol.realmStarted?.(broker);
    this.#before = this.#held();
  }

  open(): Client {
    const client = new Client(this.#subprotocol, this.services, this.sample, this.token);
    this.#clients.push(client);
    return client;
  }

  /** Ends all clients and checks that nothing of them is left. */
  end(): void {
    for (const client of this.#clients) client.end();
    check(this.#held() === this.#before, `left behind: ${this.#held()}, before: ${this.#before}`);
  }

  #held(): string {
    const { brokers, timers, clock } = this.services;
    const realms = [...brokers.values()].map(({ stats }) => stats);
    return JSON.stringify({ realms, timers: timers.size, scheduled: clock.pending });
  }
}

/** One connection. */
class Client {
  readonly link: FakeLink;
  readonly session: Session;
  #ended = false;

  constructor(
    subprotocol: Subprotocol,
    private readonly services: TestServices,
    private readonly sample: SubprotocolSample,
    private readonly token: string | undefined,
  ) {
    const handshake: Handshake = { token, path: '/ws' };
    this.link = new FakeLink(services.clock);
    this.session = subprotocol.open(this.link, handshake, services);
  }

  get isOpen(): boolean {
    return this.link.closeReason === undefined;
  }

  login(): this {
    return this.say(...this.sample.login(this.token));
  }

  say(...messages: readonly SampleMessage[]): this {
    for (const message of messages) {
      const data = Buffer.from(message);
      const returned: unknown = this.link.receive(this.session, data, typeof message !== 'string');
      check(returned === undefined, '`receive` returned something: it has to be synchronous');
      this.services.clock.flush();
    }
    return this;
  }

  expectAnswer(): void {
    this.link.take();
    this.say(this.sample.question(this.token));
    check(this.link.take().length > 0, 'a question was not answered at once');
  }

  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    const { kind = undefined } = this.link.closeReason ?? {};
    this.session.closed({
      code: kind === undefined ? 1006 : 1000,
      text: '',
      by: kind === undefined ? 'error' : 'us',
    });
    this.services.clock.flush();
  }
}

function recognises(sample: SubprotocolSample): boolean {
  return sample.create().recognises !== undefined;
}

function recognised(subprotocol: Subprotocol, message: SampleMessage): boolean {
  const data = Buffer.from(message);
  const answer = subprotocol.recognises?.(data, typeof message !== 'string') ?? false;
  check(data.equals(Buffer.from(message)), `\`recognises\` changed ${shown(message)}`);
  return answer;
}

/** The sample's nonsense and ours: empty, zero, not UTF-8, brackets, other protocols, noise of several lengths. */
function messagesOf(sample: SubprotocolSample): SampleMessage[] {
  const random = generator(20);
  const noise = [1, 2, 5, 17, 64, 300, 4000].map((length) =>
    Buffer.from(Array.from({ length }, () => random() & 255)),
  );
  const texts = [
    '',
    '\0',
    '\n',
    '\r\n',
    ' ',
    '[',
    ']',
    '[]',
    '{}',
    'null',
    '-1',
    '"',
    '[[[[[[[[',
    '\ufeff[1]',
  ];
  const foreign = [
    'GET / HTTP/1.1\r\n\r\n',
    'CONNECT\n\n\0',
    '[1,"realm1",{}]',
    '\u001e',
    'x'.repeat(70_000),
  ];
  const bytes = ['', '00', 'ff', 'c1', '80', 'c328', 'eda080', '00000000', 'ffffffff', '9f', 'dfffffffff'];
  return [
    ...(sample.nonsense ?? []),
    ...texts,
    ...foreign,
    ...bytes.map((hex) => Buffer.from(hex, 'hex')),
    ...noise,
    ...noise.map((data) => data.toString('latin1')),
  ];
}

/** Good messages gone bad: of the other kind, cut short, doubled, with one octet changed. */
function damaged(messages: readonly SampleMessage[]): SampleMessage[] {
  const random = generator(3);
  return messages.flatMap((message) => {
    const data = Buffer.from(message);
    const sameKind = (bytes: Buffer): SampleMessage =>
      typeof message === 'string' ? bytes.toString() : bytes;
    const otherKind: SampleMessage = typeof message === 'string' ? data : data.toString('latin1');
    const cuts = [0.1, 0.3, 0.5, 0.7, 0.9].map((share) => data.subarray(0, Math.floor(data.length * share)));
    const changed = Array.from({ length: 40 }, () => {
      const copy = Buffer.from(data);
      copy[random() % Math.max(1, copy.length)] = random() & 255;
      return copy;
    });
    return [otherKind, ...[...cuts, ...changed, Buffer.concat([data, data])].map(sameKind)];
  });
}

/** Numbers below 2^32 that look random and are the same in every run [xorshift32]. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
}

function shown(message: SampleMessage): string {
  const text = typeof message === 'string' ? JSON.stringify(message) : message.toString('hex');
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}

function check(holds: boolean, otherwise: string): void {
  if (!holds) fail(otherwise);
}

function fail(why = 'impossible'): never {
  throw new Error(why);
}
