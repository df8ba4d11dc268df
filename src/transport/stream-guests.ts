import type { Socket } from 'node:net';
import type { Remote } from '../subprotocols/index.js';
import { addressOf } from './address-of.js';
import type { AdmissionEnd } from './admission.js';
import { socketApplicant } from './admission.js';
import type { Connections } from './connections.js';
import type { SocketOptions } from './listener.js';
import type { Guests } from './net-listener.js';
import type { Slot } from './registry.js';
import type { StreamLink, StreamSocket } from './stream-link.js';
import { tlsFactsOf } from './tls-facts.js';

/** What distinguishes the protocols that are spoken on a bare socket. */
export interface StreamProtocol {
  readonly kind: SocketOptions['kind'];
  /** Makes the link of a socket that was admitted. */
  link(parts: StreamSocket): StreamLink;
  /** What somebody who is turned away is told; undefined: nothing. */
  readonly farewell: Buffer | undefined;
}

/** How long a peer may take to read why it is turned away, in ms; and how many may be reading that at once. */
const LINGER_MS = 1_000;
const MOST_LINGERING = 100;

/** Takes sockets in, within the limits and by the application's own check, and begins their links. */
export class StreamGuests implements Guests {
  #lingering = 0;

  constructor(
    private readonly connections: Connections,
    private readonly protocol: StreamProtocol,
  ) {}

  arrive(socket: Socket): Slot | undefined {
    if (!this.connections.accepting) return this.#turnAway(socket, 'closing');
    const slot = this.connections.take(addressOf(socket));
    if (typeof slot === 'string') return this.#turnAway(socket, 'limit');
    socket.once('close', () => this.connections.release(slot));
    return slot;
  }

  enter(socket: Socket, slot: Slot): void {
    const asked = {
      transport: this.protocol.kind,
      path: '',
      query: '',
      headers: {},
      remoteAddress: addressOf(socket),
    };
    try {
      this.connections.admit(asked, socketApplicant(socket), (end) => this.#admitted(socket, slot, end));
    } catch (error) {
      this.#fail(socket, error);
    }
  }

  #admitted(socket: Socket, slot: Slot, end: AdmissionEnd): void {
    switch (end.kind) {
      case 'admitted':
        if (this.connections.accepting) this.#begin(socket, slot);
        else this.#turnAway(socket, 'closing');
        return;
      case 'gone':
        socket.destroy();
        return;
      case 'late':
        this.#turnAway(socket, 'admit_timeout');
        return;
      case 'refused':
        this.#turnAway(socket, 'admit', end.status);
        return;
      case 'failed':
        this.#fail(socket, end.error);
    }
  }

  #begin(socket: Socket, slot: Slot): void {
    try {
      const tls = tlsFactsOf(socket);
      const remote: Remote = {
        address: addressOf(socket),
        headers: Object.create(null) as Remote['headers'],
        query: '',
        encrypted: tls !== undefined,
        transport: this.protocol.kind === 'rawsocket' ? 'rawsocket' : 'tcp',
        tls,
      };
      const link = this.protocol.link({ socket, remote, slot });
      this.connections.add(link, undefined);
      link.begin();
    } catch (error) {
      this.#fail(socket, error);
    }
  }

  /** Something was thrown where nothing may throw. */
  #fail(socket: Socket, error: unknown): void {
    this.connections.options.services.instrumentation.defect('listener', error);
    socket.destroy();
  }

  #turnAway(socket: Socket, reason: string, status = 503): undefined {
    const { instrumentation, timers } = this.connections.options.services;
    const { farewell, kind } = this.protocol;
    instrumentation.event('refused', { status, reason, transport: kind, remote: addressOf(socket) });
    // In a flood nobody is told: who lingers has no place and is not counted.
    if (farewell === undefined || this.#lingering >= MOST_LINGERING || !socket.writable) {
      socket.destroy();
      return undefined;
    }
    this.#lingering += 1;
    const timer = timers.schedule(LINGER_MS, () => socket.destroy());
    socket.once('close', () => {
      timer.cancel();
      this.#lingering -= 1;
    });
    socket.resume();
    socket.end(farewell);
    return undefined;
  }
}
