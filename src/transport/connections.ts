import type { Timer } from '../lib/index.js';
import type { Services, Session } from '../subprotocols/index.js';
import type { AdmissionEnd, AdmitHook, Applicant, UpgradeRequest } from './admission.js';
import { admit } from './admission.js';
import type { Framing } from './framing.js';
import type { TransportLimits } from './limits.js';
import { SharedChain } from './outbound.js';
import type { Slot } from './registry.js';
import { Registry } from './registry.js';
import type { LinkContext, SocketLink } from './socket-link.js';
import type { SubprotocolTable } from './subprotocol-table.js';
import { Turns } from './turns.js';

/** What {@link Connections} are made of. */
export interface ConnectionsOptions {
  readonly services: Services;
  readonly limits: TransportLimits;
  readonly subprotocols: SubprotocolTable;
  /** Asked before a connection is answered. Default: nobody is. */
  readonly admit?: AdmitHook | undefined;
}

/** How often links are looked after, in ms; more often if a limit is shorter. */
const SWEEP_MS = 1_000;
const SHORTEST_SWEEP_MS = 100;

/** All connections of a transport, whatever carries them: one registry, one set of limits, one end. */
export class Connections {
  readonly #registry: Registry;
  readonly #links = new Set<SocketLink>();
  /** Those whose admission is still being decided. */
  readonly #undecided = new Set<Applicant>();
  readonly #turns: Turns;
  #accepting = true;
  #sweep: Timer | undefined = undefined;
  /** Resolves of those who wait for the last socket to go. */
  #waiting: (() => void)[] = [];

  constructor(readonly options: ConnectionsOptions) {
    this.#registry = new Registry(options.limits);
    this.#turns = new Turns(options.services.clock);
  }

  /** Sockets that have a place: those that are being admitted, that have no session yet, and that are closing included. */
  get size(): number {
    return this.#registry.size;
  }

  /** Sockets without a session. */
  get pending(): number {
    return this.#registry.pending;
  }

  /** The links that are open or closing. */
  get links(): ReadonlySet<SocketLink> {
    return this.#links;
  }

  /** The conversations whose links are open or closing. */
  get sessions(): readonly Session[] {
    return [...this.#links].flatMap((link) => link.session ?? []);
  }

  /** Whether new connections are taken. */
  get accepting(): boolean {
    return this.#accepting;
  }

  /** What the links of one way to connect share. */
  context(path: string, framing: Framing): LinkContext {
    const { services, limits, subprotocols } = this.options;
    const { clock, timers } = services;
    const bytes = limits.bytesPerSecond;
    return {
      path,
      services,
      limits,
      subprotocols,
      chain: new SharedChain(clock, framing),
      inbound: { clock, timers, turns: this.#turns, sliceMs: services.limits.sliceMs },
      pendingRates: { messages: limits.preLoginMessagesPerSecond, bytes },
      rates: { messages: limits.messagesPerSecond, bytes },
      marks: { highWater: limits.outboundHighWaterBytes, lowWater: limits.outboundLowWaterBytes },
      ended: (link) => this.#ended(link),
    };
  }

  /** A place for a connection of this address; a text that names the limit if there is none. */
  take(address: string): Slot | string {
    return this.#registry.take(address);
  }

  /** Gives a place back. */
  release(slot: Slot): void {
    slot.release();
    this.#tellWaiting();
  }

  /** Asks the hook, if there is one; calls back exactly once. An end that comes after a stop is not an admission. */
  admit(asked: UpgradeRequest, applicant: Applicant, done: (end: AdmissionEnd) => void): void {
    const { admit: hook, services, limits } = this.options;
    if (hook === undefined) {
      done({ kind: 'admitted' });
      return;
    }
    this.#undecided.add(applicant);
    admit(
      () => hook(asked),
      applicant,
      services.timers,
      limits.admitTimeoutMs,
      (end) => {
        this.#undecided.delete(applicant);
        done(end);
      },
    );
  }

  /** Takes a link on, and looks after it. */
  add(link: SocketLink, token: string | undefined): void {
    this.#links.add(link);
    this.#scheduleSweep();
    const fields = { link: link.id, remote: link.remote.address, token };
    this.options.services.instrumentation.event('connected', fields);
  }

  /** From now on nobody is taken. */
  stopAccepting(): void {
    this.#accepting = false;
  }

  /** Closes what is open (1001), and resolves when the last socket is gone. */
  async close(): Promise<void> {
    this.stopAccepting();
    for (const applicant of this.#undecided) applicant.destroy();
    for (const link of this.#links) link.close({ kind: 'going_away', text: 'The server is closing.' });
    if (!this.#empty) await new Promise<void>((gone) => this.#waiting.push(gone));
  }

  #ended(link: SocketLink): void {
    this.#links.delete(link);
    if (this.#links.size === 0) {
      this.#sweep?.cancel();
      this.#sweep = undefined;
    }
    this.#tellWaiting();
  }

  get #empty(): boolean {
    return this.#registry.size === 0 && this.#links.size === 0;
  }

  #tellWaiting(): void {
    if (this.#empty) for (const gone of this.#waiting.splice(0)) gone();
  }

  #scheduleSweep(): void {
    const { pingIntervalMs, pongTimeoutMs, outboundAgeMs } = this.options.limits;
    const shortest = Math.min(pingIntervalMs, pongTimeoutMs, outboundAgeMs) / 10;
    const everyMs = Math.min(SWEEP_MS, Math.max(SHORTEST_SWEEP_MS, shortest));
    const { timers, clock } = this.options.services;
    this.#sweep ??= timers.schedule(everyMs, (lateMs) => {
      this.#sweep = undefined;
      const now = clock.now();
      for (const link of this.#links) link.inspect(now, lateMs);
      if (this.#links.size > 0) this.#scheduleSweep();
    });
  }
}
