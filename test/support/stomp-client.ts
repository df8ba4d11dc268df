import { expect } from '@jest/globals';
import type { Broker } from '../../src/broker/index.js';
import type { StompOptions } from '../../src/subprotocols/stomp/index.js';
import { stomp } from '../../src/subprotocols/stomp/index.js';
import type { Session } from '../../src/subprotocols/subprotocol.js';
import type { TestServices, TestServicesOptions } from '../../src/testing/index.js';
import { FakeLink, RecordingEndpoint, testServices } from '../../src/testing/index.js';

/** A STOMP client without a socket: says bytes, and tells which frames came back. */
export class StompClient {
  readonly link: FakeLink;
  readonly session: Session;
  #closed = false;

  constructor(services: TestServices, options: StompOptions = {}, token: string | undefined = 'v12.stomp') {
    this.link = new FakeLink(services.clock);
    this.session = stomp(options).open(this.link, { token, path: '/ws' }, services);
  }

  /** Sends each piece as a WebSocket message: text as text, bytes as bytes. Returns the client. */
  say(...messages: (string | Buffer)[]): this {
    for (const message of messages) this.link.receive(this.session, message);
    return this;
  }

  /** The messages that have come since the last look. */
  heard(): string[] {
    return this.link.takeText();
  }

  /** The link ends, once. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.session.closed({ code: 1006, text: '', by: 'error' });
  }
}

/** The clients of one test, at the services of one router. */
export class StompClients {
  services: TestServices = testServices();
  #clients: StompClient[] = [];
  #endpoints: RecordingEndpoint[] = [];

  /** Replaces the services by others. */
  given(options: TestServicesOptions): void {
    this.services = testServices(options);
  }

  get broker(): Broker {
    return this.services.brokers.get('realm1')!;
  }

  /** A client that has said nothing yet. */
  open(options?: StompOptions, token?: string): StompClient {
    const client = new StompClient(this.services, options, token);
    this.#clients.push(client);
    return client;
  }

  /** A client that is connected, its CONNECTED heard. */
  connect(version = '1.2', options?: StompOptions): StompClient {
    const client = this.open(options, `v${version.replace('.', '')}.stomp`);
    client.say(`CONNECT\naccept-version:${version}\nhost:realm1\n\n\0`);
    expect(client.heard()).toEqual([expect.stringMatching(`^CONNECTED\nversion:${version}\n`)]);
    return client;
  }

  /** Somebody who speaks another protocol. */
  other(): RecordingEndpoint {
    const endpoint = new RecordingEndpoint(this.broker);
    this.#endpoints.push(endpoint);
    return endpoint;
  }

  /** Ends all clients, and expects that nothing of them is left. */
  end(): void {
    for (const client of this.#clients) client.close();
    for (const endpoint of this.#endpoints) endpoint.attachment.detach();
    this.#clients = [];
    this.#endpoints = [];
    const { services } = this;
    this.services = testServices();
    let kept = 0;
    for (const { stats } of services.brokers.values()) {
      // A queue outlives its clients, and may wait for a time; nothing else does.
      const { queues, ...rest } = stats;
      expect(Object.values(rest).every((count) => count === 0)).toBe(true);
      kept += queues;
    }
    if (kept === 0) expect([services.timers.size, services.clock.pending]).toEqual([0, 0]);
  }
}

/** Lets promises that are settled be noticed. */
export async function settled(): Promise<void> {
  for (let i = 0; i < 10; i += 1) await Promise.resolve();
}
