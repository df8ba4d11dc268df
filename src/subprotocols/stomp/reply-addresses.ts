import type { Subscription } from '../../broker/index.js';
import { SmallMap } from '../../lib/index.js';
import { Pile } from './acks.js';

/** A `/temp-queue/…` of one session: where answers to its calls and requests arrive. Nobody else can name it. */
export class ReplyAddress {
  /** For the subscription that its MESSAGEs are for: the client's own, or one named after the address. */
  pile: Pile;
  /** Whether the client has subscribed to it. */
  explicit = false;
  /** The unguessable name under which others reach it, once a request needed one. */
  token: string | undefined;
  /** What listens to that name. */
  subscription: Subscription | undefined;
  /** How many calls have yet to be answered here. */
  calls = 0;
  /** Whether it is over: what still comes is dropped. */
  over = false;

  constructor(readonly name: string) {
    this.pile = new Pile('auto', name);
  }
}

/** The private topic behind an unguessable name; no pattern matches it and no client can spell it. */
export function replyTopic(token: string): string {
  return `#reply.${token}`;
}

/** The reply addresses of one session, bounded in number. */
export class ReplyAddresses {
  /** name → address, the idle one too */
  readonly #addresses = new SmallMap<string, ReplyAddress>();
  /** One at which nothing can arrive any more, and which does not count: most clients name the same one in their next call. */
  #idle: ReplyAddress | undefined;

  constructor(private readonly limit: number) {}

  get size(): number {
    return this.#addresses.size - (this.#idle === undefined ? 0 : 1);
  }

  find(name: string): ReplyAddress | undefined {
    const known = this.#addresses.get(name);
    return known === this.#idle ? undefined : known;
  }

  /** The address of that name, made at its first use; undefined if there are too many. */
  obtain(name: string): ReplyAddress | undefined {
    const known = this.#addresses.get(name);
    const isIdle = known !== undefined && known === this.#idle;
    if (known !== undefined && !isIdle) return known;
    if (this.size >= this.limit) return undefined;
    if (isIdle) {
      this.#idle = undefined;
      return known;
    }
    const address = new ReplyAddress(name);
    this.#addresses.set(name, address);
    return address;
  }

  /** Forgets an address that nothing can arrive at any more, unless the client holds it open. */
  releaseIfIdle(address: ReplyAddress): void {
    if (address.over || address.explicit || address.token !== undefined || address.calls > 0) return;
    if (this.#idle !== undefined) this.#addresses.delete(this.#idle.name);
    this.#idle = address;
  }

  /** Forgets an address. */
  drop(address: ReplyAddress): void {
    address.over = true;
    if (this.#addresses.get(address.name) === address) this.#addresses.delete(address.name);
  }
}
