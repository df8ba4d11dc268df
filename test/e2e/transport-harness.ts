import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { CoarseTimers } from '../../src/lib/index.js';
import type {
  ClosedReason,
  Handshake,
  Link,
  Services,
  Session,
  Subprotocol,
} from '../../src/subprotocols/index.js';
import { DEFAULT_SESSION_LIMITS, Frame } from '../../src/subprotocols/index.js';
import type { TransportLimits, TransportOptions } from '../../src/transport/index.js';
import { DEFAULT_TRANSPORT_LIMITS, SystemClock, Transport } from '../../src/transport/index.js';
import { echo } from './echo-subprotocol.js';
import type { HandshakeToSend } from './raw-web-socket.js';
import { RawWebSocket } from './raw-web-socket.js';

/** Waits for something that no event tells, at most 5 s. */
export async function until(what: string, condition: () => boolean, withinMs = 5_000): Promise<void> {
  const deadline = performance.now() + withinMs;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`Not within ${withinMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** Makes a text frame. */
export function textFrame(text: string | Buffer): Frame {
  return new Frame(false, [Buffer.from(text)]);
}

/** A session that keeps what happens to it, and does with a message what the test says. */
export class ProbeSession implements Session {
  readonly received: { readonly text: string; readonly isBinary: boolean }[] = [];
  readonly ends: ClosedReason[] = [];
  drains = 0;

  constructor(
    readonly link: Link,
    readonly handshake: Handshake,
    private readonly react: (session: ProbeSession, data: Buffer) => void,
  ) {}

  get texts(): string[] {
    return this.received.map(({ text }) => text);
  }

  receive(data: Buffer, isBinary: boolean): void {
    this.received.push({ text: data.toString(), isBinary });
    this.react(this, data);
  }

  drained(): void {
    this.drains += 1;
  }

  closing(): void {
    this.link.close({ kind: 'going_away', text: 'closing' });
  }

  closed(reason: ClosedReason): void {
    this.ends.push(reason);
  }
}

/** What a test sets; the rest are defaults. */
export interface HarnessOptions {
  readonly limits?: Partial<TransportLimits & Services['limits']>;
  readonly transport?: Partial<TransportOptions>;
  /** Called for each message of a `v1.probe` connection. */
  readonly react?: (session: ProbeSession, data: Buffer) => void;
  /** Called when a `v1.probe` connection begins; by default it has a session at once. */
  readonly opened?: (session: ProbeSession) => void;
  readonly server?: Server;
}

/** One event as it was reported. */
export interface ReportedEvent {
  readonly name: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** A transport on a real HTTP server, with the echo subprotocol and one for probing. */
export class Harness {
  readonly events: ReportedEvent[] = [];
  readonly counts = new Map<string, number>();
  readonly defects: string[] = [];
  readonly sessions: ProbeSession[] = [];
  readonly timers: CoarseTimers;
  readonly options: TransportOptions;
  readonly transport: Transport;
  readonly server: Server;
  readonly clients: RawWebSocket[] = [];

  private constructor(options: HarnessOptions) {
    const clock = new SystemClock();
    this.timers = new CoarseTimers(clock, 20);
    const limits = { ...DEFAULT_TRANSPORT_LIMITS, ...DEFAULT_SESSION_LIMITS, ...options.limits };
    this.options = {
      path: '/ws',
      subprotocols: [echo(), this.#probe(options)],
      services: this.#services(clock, limits),
      limits,
      ...options.transport,
    };
    this.transport = new Transport(this.options);
    this.server = options.server ?? createServer((_request, response) => response.end('plain'));
    this.transport.attach(this.server);
  }

  static async start(options: HarnessOptions = {}): Promise<Harness> {
    const harness = new Harness(options);
    await new Promise<void>((listening) => harness.server.listen(0, '127.0.0.1', listening));
    return harness;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** The session that began last. */
  get session(): ProbeSession {
    const session = this.sessions.at(-1);
    if (session === undefined) throw new Error('No session has begun.');
    return session;
  }

  /** Opens a connection, by default with the token `v1.probe`. */
  async open(handshake: HandshakeToSend = {}): Promise<RawWebSocket> {
    const client = await RawWebSocket.open(this.port, { protocol: 'v1.probe', ...handshake });
    this.clients.push(client);
    return client;
  }

  /** A connection on which nothing has been sent. */
  async connect(): Promise<RawWebSocket> {
    const client = await RawWebSocket.connect(this.port);
    this.clients.push(client);
    return client;
  }

  refused(handshake: HandshakeToSend = {}): ReturnType<typeof RawWebSocket.refused> {
    return RawWebSocket.refused(this.port, { protocol: 'v1.probe', ...handshake });
  }

  /** Events of a name, their fields. */
  reported(name: string): ReportedEvent['fields'][] {
    return this.events.filter((event) => event.name === name).map(({ fields }) => fields);
  }

  /** Waits until no connection, no timer and no session is left. */
  async nothingLeft(): Promise<void> {
    const { transport, timers, sessions } = this;
    await until('nothing is left', () => {
      const open = transport.connections + transport.links.size + transport.sessions.length;
      return open + timers.size === 0 && sessions.every(({ ends }) => ends.length === 1);
    });
  }

  /** Ends all clients, checks that nothing is left, and stops the server. */
  async stop(): Promise<void> {
    for (const client of this.clients) client.destroy();
    try {
      await this.nothingLeft();
    } finally {
      await this.transport.close();
      this.server.closeAllConnections();
      await new Promise((closed) => this.server.close(closed));
    }
  }

  #probe(options: HarnessOptions): Subprotocol {
    return {
      name: 'probe',
      tokens: ['v1.probe', 'v2.probe'],
      recognises: (first) => first.toString().startsWith('PROBE'),
      open: (link, handshake) => {
        const session = new ProbeSession(link, handshake, options.react ?? (() => {}));
        this.sessions.push(session);
        (options.opened ?? (() => link.established()))(session);
        return session;
      },
    };
  }

  #services(clock: SystemClock, limits: Services['limits']): Services {
    return {
      clock,
      limits,
      timers: this.timers,
      ids: { id: () => 1, token: () => 'token' },
      realms: { defaultRealm: 'realm1', find: () => undefined },
      authenticator: { methods: [], begin: () => ({ kind: 'refused', code: 'authentication_denied' }) },
      instrumentation: {
        count: (counter, by = 1) => this.counts.set(counter, (this.counts.get(counter) ?? 0) + by),
        event: (name, fields) => this.events.push({ name, fields }),
        defect: (where) => this.defects.push(where),
      },
      server: 'test/0',
    };
  }
}
