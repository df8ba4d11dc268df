import { expect } from '@jest/globals';
import type { Session } from '../../src/subprotocols/index.js';
import { wamp } from '../../src/subprotocols/wamp/index.js';
import type { WampOptions } from '../../src/subprotocols/wamp/index.js';
import { FakeLink } from '../../src/testing/index.js';
import type { TestServices } from '../../src/testing/index.js';
import { NOTHING_HELD } from './nothing-held.js';

/** A HELLO with all roles and the features that a modern client announces. */
export const HELLO =
  '[1,"realm1",{"roles":{"publisher":{},"subscriber":{},' +
  '"caller":{"features":{"progressive_call_results":true,"call_canceling":true}},' +
  '"callee":{"features":{"progressive_call_results":true,"call_canceling":true}}}}]';

/** A HELLO with all roles and no feature. */
export const PLAIN_HELLO = '[1,"realm1",{"roles":{"publisher":{},"subscriber":{},"caller":{},"callee":{}}}]';

/** What the released AutobahnJS sends: no agent, streams as a callee that cannot be interrupted. */
export const AUTOBAHN_JS_HELLO =
  '[1,"realm1",{"roles":{"caller":{"features":{"caller_identification":true,"call_canceling":true,' +
  '"progressive_call_results":true}},"callee":{"features":{"caller_identification":true,' +
  '"pattern_based_registration":true,"shared_registration":true,"progressive_call_results":true,' +
  '"registration_revocation":true}},"publisher":{"features":{"publisher_identification":true,' +
  '"subscriber_blackwhite_listing":true,"publisher_exclusion":true}},"subscriber":{"features":' +
  '{"publisher_identification":true,"pattern_based_subscription":true,"subscription_revocation":true}}}}]';

/** HELLO as autobahn-python 22.7.1 sends it: it names no agent. */
export const AUTOBAHN_PYTHON_HELLO =
  '[1,"realm1",{"roles":{"caller":{"features":{"call_canceling":true,"caller_identification":true,' +
  '"payload_encryption_cryptobox":true,"payload_transparency":true,"progressive_call_results":true}},' +
  '"callee":{"features":{"call_canceling":true,"caller_identification":true,"pattern_based_registration":true,' +
  '"payload_encryption_cryptobox":true,"payload_transparency":true,"progressive_call_results":true,' +
  '"registration_revocation":true,"shared_registration":true}},"publisher":{"features":' +
  '{"payload_encryption_cryptobox":true,"payload_transparency":true,"publisher_exclusion":true,' +
  '"publisher_identification":true,"subscriber_blackwhite_listing":true,"x_acknowledged_event_delivery":true}},' +
  '"subscriber":{"features":{"pattern_based_subscription":true,"payload_encryption_cryptobox":true,' +
  '"payload_transparency":true,"publisher_identification":true,"subscription_revocation":true}}}}]';

/** What the first session of a realm is told. */
export const WELCOME =
  '[2,1001,{"realm":"realm1","authid":"anonymous","authrole":"anonymous","authmethod":"anonymous",' +
  '"authprovider":"static","agent":"mangrove/0.0.0","roles":{"broker":{"features":{' +
  '"publisher_identification":true,"publisher_exclusion":true,"subscriber_blackwhite_listing":true,' +
  '"pattern_based_subscription":true,"event_retention":true,"sharded_subscription":true,' +
  '"subscription_revocation":true,"reflection":true,"payload_passthru_mode":true,' +
  '"session_meta_api":true,"subscription_meta_api":true},"reflection":true},' +
  '"dealer":{"features":{"caller_identification":true,"pattern_based_registration":true,' +
  '"shared_registration":true,"registration_revocation":true,"call_reroute":true,' +
  '"call_canceling":true,"call_timeout":true,"progressive_call_results":true,' +
  '"progressive_call_invocations":true,"sharded_registration":true,"testament_meta_api":true,' +
  '"reflection":true,"payload_passthru_mode":true,"session_meta_api":true,' +
  '"registration_meta_api":true},"reflection":true}}}]';

/** What may be chosen for a peer. */
export interface PeerOptions extends WampOptions {
  readonly token?: string | undefined;
}

/** The other side of one WAMP session, on a link without socket. */
export class WampPeer {
  readonly link: FakeLink;
  readonly session: Session;
  #closed = false;

  constructor(services: TestServices, { token = 'wamp.2.json', ...options }: PeerOptions = {}) {
    this.link = new FakeLink(services.clock);
    this.session = wamp(options).open(this.link, { token, path: '/ws' }, services);
  }

  /** Sends text messages, each in a WebSocket message of its own. */
  send(...messages: string[]): this {
    for (const message of messages) this.link.receive(this.session, message);
    return this;
  }

  /** Sends binary messages, spelled as hexadecimal digits; blanks are passed over. */
  sendHex(...messages: string[]): this {
    for (const message of messages) {
      this.link.receive(this.session, Buffer.from(message.replace(/\s/g, ''), 'hex'));
    }
    return this;
  }

  /** Takes the text messages that have arrived. */
  take(): string[] {
    return this.link.takeText();
  }

  /** Takes the binary messages that have arrived, as hexadecimal digits. */
  takeHex(): string[] {
    return this.link.take().map((bytes) => bytes.toString('hex'));
  }

  /** Takes the text messages that have arrived, parsed. */
  takeParsed(): unknown[][] {
    return this.take().map((text) => JSON.parse(text) as unknown[]);
  }

  /** How the session closed the link, if it did. */
  get closedAs(): string | undefined {
    return this.link.closeReason?.kind;
  }

  /** The socket is gone. */
  disconnect(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.session.closed({ code: 1006, text: '', by: 'error' });
  }
}

/** Peers of one test; `end` proves that nothing of them is left. */
export class Peers {
  readonly #peers: WampPeer[] = [];

  constructor(readonly services: TestServices) {}

  /** A connection that has said nothing yet. */
  connect(options?: PeerOptions): WampPeer {
    const peer = new WampPeer(this.services, options);
    this.#peers.push(peer);
    return peer;
  }

  /** A peer with a session; WELCOME is taken. */
  join(hello = HELLO, options?: PeerOptions): WampPeer {
    const peer = this.connect(options).send(hello);
    const [welcome] = peer.take();
    expect(welcome).toMatch(/^\[2,\d+,\{"realm":"realm1",/);
    return peer;
  }

  /** Disconnects everybody and checks that no session, subscription, registration, call or timer is left. */
  end(): void {
    for (const peer of this.#peers) peer.disconnect();
    for (const broker of this.services.brokers.values()) expect(broker.stats).toEqual(NOTHING_HELD);
    expect([this.services.timers.size, this.services.clock.pending]).toEqual([0, 0]);
  }
}
