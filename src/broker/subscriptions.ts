import { SmallMap } from '../lib/index.js';
import type { Pattern } from './address.js';
import { admits } from './audience.js';
import type { Gate } from './gate.js';
import type { Form, Identity, Publication } from './publication.js';
import type { InterestView } from './sessions/realm-view.js';
import type { SessionEntry } from './sessions/session-entry.js';
import { Places } from './shards.js';

/** A subscriber as the router of events sees it. */
export interface Subscriber {
  readonly detached: boolean;
  readonly identity: Identity;
  readonly entry: SessionEntry;
  /** key → subscription */
  readonly subscriptions: Pick<SmallMap<string, Subscription>, 'size' | 'values'>;
  readonly outlet: {
    /** Takes the publication, or keeps it back while its endpoint takes no more. */
    offer(subscription: Subscription, publication: Publication): void;
  };
}

/** One subscription of one attachment: (attachment, key, pattern). */
export class Subscription {
  readonly kind = 'subscription';
  /**
   * How this subscriber's events are written. Set by the endpoint when it is told `subscribed`, which is before the first
   * event; subscribers with the same form share one encoding.
   */
  form: Form = UNSET_FORM;
  /** Place in `interest.subscriptions`; -1 when it is over. */
  position = -1;
  /** How many entries of the attachment's backlog belong to this subscription. */
  backlogged = 0;

  constructor(
    readonly attachment: Subscriber,
    /** The endpoint's own name for it: STOMP's subscription id, WAMP's pattern. */
    readonly key: string,
    readonly interest: Interest,
    /** What stands before it; undefined if nothing does. */
    public gate: Gate | undefined = undefined,
    /** Its place among those that share the interest out; undefined if it gets everything. */
    readonly place: string | undefined = undefined,
  ) {}

  get active(): boolean {
    return this.position >= 0;
  }

  /** Whether the subscriber may and wants to be told of a past publication, at this time in ms since the Unix epoch. */
  sees(publication: Publication, now: number): boolean {
    const { identity } = this.attachment;
    const { expiresAt, excludePublisher, origin, audience } = publication;
    if (expiresAt !== undefined && expiresAt <= now) return false;
    if (excludePublisher && origin.session === identity.session) return false;
    if (this.interest.isElsewhere(this, publication)) return false;
    return admits(audience, identity) && this.gate?.accepts(publication) !== false;
  }

  /** Whether a publication that was for the subscriber when it came, and was kept back since, still is. */
  takesLate({ expiresAt, audience, topic }: Publication, now: number): boolean {
    if (expiresAt !== undefined && expiresAt <= now) return false;
    return admits(audience, this.attachment.identity) && this.gate?.sees?.(topic) !== false;
  }
}

const UNSET_FORM: Form = { ordinal: 0 };

/** All subscriptions of one pattern: owns WAMP's subscription id and the forms. */
export class Interest implements InterestView {
  /** Changed in place; the order means nothing. */
  readonly subscriptions: Subscription[] = [];
  /** Where its subscribers are; undefined until one names a place. */
  #places: Places | undefined;
  /** name of a form → the form */
  readonly #forms = new SmallMap<string, Form>();

  constructor(
    /** Router-scope id [WAMP BP IDs]. */
    readonly id: number,
    readonly pattern: Pattern,
    private readonly nextOrdinal: () => number,
    /** When it was made, in ms since the Unix epoch. */
    readonly since: number,
  ) {}

  /** See `InterestView`. */
  get subscribers(): readonly number[] {
    return [...new Set(this.subscriptions.map(({ attachment }) => attachment.entry.shown))];
  }

  /** See `InterestView`. */
  get isInUse(): boolean {
    return this.subscriptions.length > 0;
  }

  /**
   * The form of this name, made at its first use with a number that no other form of the broker has. Lives at least as
   * long as a subscription uses it, at most as long as the interest.
   */
  form<F extends Form>(name: string, make: (ordinal: number) => F): F {
    let form = this.#forms.get(name);
    if (form === undefined) {
      this.#forgetUnusedForms();
      form = make(this.nextOrdinal());
      this.#forms.set(name, form);
    }
    return form as F;
  }

  /** Names are the clients' choice, so forms that nobody uses any more are forgotten once they are the larger part. */
  #forgetUnusedForms(): void {
    if (this.#forms.size < 16 + 2 * this.subscriptions.length) return;
    const used = new Set(this.subscriptions.map((subscription) => subscription.form));
    for (const name of this.#forms.keys()) if (!used.has(this.#forms.get(name)!)) this.#forms.delete(name);
  }

  /** Whether a publication goes to another of the places than this subscriber's. */
  isElsewhere({ place }: Subscription, { shard }: Publication): boolean {
    if (place === undefined || shard === undefined || this.#places === undefined) return false;
    return this.#places.homeOf(shard) !== place;
  }

  add(subscription: Subscription): void {
    subscription.position = this.subscriptions.length;
    this.subscriptions.push(subscription);
    if (subscription.place !== undefined) (this.#places ??= new Places()).add(subscription.place);
  }

  /** Takes a subscription out by putting the last one in its place. Tells whether none is left. */
  remove(subscription: Subscription): boolean {
    const last = this.subscriptions.pop();
    if (last !== undefined && last !== subscription) {
      this.subscriptions[subscription.position] = last;
      last.position = subscription.position;
    }
    subscription.position = -1;
    if (subscription.place !== undefined) this.#places?.remove(subscription.place);
    return this.subscriptions.length === 0;
  }
}
