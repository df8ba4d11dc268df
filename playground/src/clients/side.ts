import { Store } from '../store';
import { FrameLog } from './frame-log';

/** The room, as WAMP names it. */
export const CHAT_TOPIC = 'com.example.chat';

/** How a connection is. */
export type ConnectionState =
  | { readonly kind: 'connecting' }
  | {
      readonly kind: 'open';
      /** The WebSocket subprotocol that was agreed on. */
      readonly protocol: string;
      /** How long it had been lost before, in ms; 0 if it had not. */
      readonly awayMs: number;
    }
  | { readonly kind: 'lost'; readonly why: string }
  | { readonly kind: 'refused'; readonly why: string }
  | { readonly kind: 'closed' };

/** Something that was heard in the room. */
export interface ChatLine {
  readonly key: string;
  readonly at: Date;
  readonly text: string;
  /** Whether this client said it. */
  readonly own: boolean;
}

/** A call that this client made. */
export interface CallRecord {
  readonly number: number;
  readonly uri: string;
  readonly args: readonly unknown[];
  readonly state: 'running' | 'returned' | 'failed';
  /** The last part of the result that came before its end. */
  readonly progress?: unknown;
  /** What it returned, or the URI of the error and what that says. */
  readonly outcome?: unknown;
  readonly startedAt: number;
  /** How long it took, in ms. */
  readonly tookMs?: number;
}

/** Whether a procedure that this client offers is registered yet. */
export type OfferState = 'asking' | 'registered';

/** What the clients log in with, and where. */
export interface Identity {
  readonly realm: string;
  readonly name: string;
  readonly ticket: string;
}

const CHAT_LENGTH = 100;
const CALLS_LENGTH = 20;

/** How long to wait before the first and any later attempt to come back, in ms. */
export const RETRY = { first: 400, most: 3000 } as const;

/** One client of the page: what it says and hears, calls and offers. */
export abstract class Side {
  readonly log = new FrameLog();
  readonly connection = new Store<ConnectionState>({ kind: 'connecting' });
  readonly chat = new Store<readonly ChatLine[]>([]);
  readonly calls = new Store<readonly CallRecord[]>([]);
  /** URI → how far it is; in force again after a reconnect */
  readonly offers = new Store<ReadonlyMap<string, OfferState>>(new Map());
  /** Whom it logs in as, the next time it connects. */
  abstract identity: Identity;
  #callNumber = 0;
  #lostAt = 0;

  /** Connects, and again whenever the connection is lost. */
  abstract connect(): void;
  /** Says good-bye; no attempt to come back. */
  abstract disconnect(): void;
  /** Says it in the room. */
  abstract say(text: string): void;
  abstract cancel(call: CallRecord): void;
  /** Gives a procedure up; resolves once it is free for others. */
  abstract withdraw(uri: string): Promise<void>;
  protected abstract sendCall(call: CallRecord): void;
  protected abstract register(uri: string): void;

  get isOpen(): boolean {
    return this.connection.value.kind === 'open';
  }

  call(uri: string, args: readonly unknown[]): void {
    this.#callNumber += 1;
    const call = {
      number: this.#callNumber,
      uri,
      args,
      state: 'running',
      startedAt: performance.now(),
    } as const;
    this.calls.set([...this.calls.value.slice(1 - CALLS_LENGTH), call]);
    this.sendCall(call);
  }

  /** Offers a demo procedure, now and after every reconnect. */
  offer(uri: string): void {
    this.offered(uri, 'asking');
    if (this.isOpen) this.register(uri);
  }

  protected opened(protocol: string): void {
    const awayMs = this.#lostAt === 0 ? 0 : performance.now() - this.#lostAt;
    if (awayMs > 0) this.log.note(`connected again after ${(awayMs / 1000).toFixed(1)} s`);
    this.#lostAt = 0;
    this.connection.set({ kind: 'open', protocol, awayMs });
    for (const uri of this.offers.value.keys()) this.offer(uri);
  }

  /** The connection has ended; what hung on it is over. */
  protected ended(state: Extract<ConnectionState, { kind: 'lost' | 'refused' | 'closed' }>): void {
    if (this.isOpen) {
      if (state.kind === 'lost') this.#lostAt = performance.now();
      this.log.note(state.kind === 'closed' ? 'disconnected' : `connection ended: ${state.why}`);
    }
    for (const { number, state } of this.calls.value) {
      if (state === 'running') this.settled(number, 'failed', 'the connection ended');
    }
    this.offers.set(new Map([...this.offers.value.keys()].map((uri) => [uri, 'asking'])));
    this.connection.set(state);
  }

  protected heard(line: ChatLine): void {
    this.chat.set([...this.chat.value.slice(1 - CHAT_LENGTH), line]);
  }

  protected offered(uri: string, state: OfferState | undefined): void {
    const offers = new Map(this.offers.value);
    if (state === undefined) offers.delete(uri);
    else offers.set(uri, state);
    this.offers.set(offers);
  }

  protected progressed(number: number, progress: unknown): void {
    this.calls.set(this.calls.value.map((call) => (call.number === number ? { ...call, progress } : call)));
  }

  protected settled(number: number, state: 'returned' | 'failed', outcome: unknown): void {
    const now = performance.now();
    this.calls.set(
      this.calls.value.map((call) =>
        call.number === number && call.state === 'running'
          ? { ...call, state, outcome, tookMs: now - call.startedAt }
          : call,
      ),
    );
  }
}

/** An error in words: its URI and, if it says something, that. */
export function errorInWords(uri: string, args: readonly unknown[]): string {
  const said = args.filter((arg) => typeof arg === 'string').join(' ');
  return said === '' ? uri : `${uri}: ${said}`;
}
