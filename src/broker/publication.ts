import type { Passthru } from './passthru.js';
import { sizeOfPassthru } from './passthru.js';
import type { Headers, Payload } from './payload.js';
import { sizeOfHeaders } from './payload.js';
import type { Principal } from './ports/authenticator.js';
import type { Audience } from './receivers.js';
import { sizeOfAudience } from './receivers.js';

/** Who published or called, as far as it may be disclosed; stamped by the broker, never taken from a client. */
export interface Identity {
  /** The session's global id. */
  readonly session: number;
  readonly authid: string;
  readonly authrole: string;
}

/**
 * Where a publication or a call comes from, for code of this process (guards, logs). No subprotocol shows it: what other
 * clients may know is the {@link Identity}.
 */
export interface Origin {
  /** What the publisher or caller speaks: the name of its subprotocol, or `local` for code of this process. */
  readonly protocol: string;
  /** The session's global id. */
  readonly session: number;
  readonly principal: Principal;
}

/** What others may know of where something comes from. */
export function identityOf({ session, principal: { authid, authrole } }: Origin): Identity {
  return { session, authid, authrole };
}

/**
 * A way to write a publication for one kind of receiver, kept on the subscription and compared by identity: receivers with
 * the same form share one encoding.
 */
export interface Form {
  /** A number that no other form of this broker has. */
  readonly ordinal: number;
}

/** What a publication says, whoever published it. */
export interface PublicationContent {
  readonly topic: string;
  readonly payload: Payload;
  readonly headers?: Headers | undefined;
  /** The address as the publisher spelled it in its own protocol, shown unchanged to receivers of that protocol. */
  readonly spelling?: string | undefined;
  /** After that it is delivered to nobody any more, in ms since the Unix epoch. Default never. */
  readonly expiresAt?: number | undefined;
  /** Who of the subscribers may receive it. Default all. */
  readonly audience?: Audience | undefined;
  /** Leave the publisher's own session out [WAMP AP Publisher Exclusion]. Default false: the subprotocol decides. */
  readonly excludePublisher?: boolean | undefined;
  /** What it is about, for subscribers that share a subscription out among them [WAMP AP Sharded Subscription]. Default nothing. */
  readonly shard?: string | undefined;
  /** How the payload is packed, if it is. */
  readonly passthru?: Passthru | undefined;
  /** How much the authorizer trusts the publisher [WAMP AP Publication Trust Levels]; stamped by the broker. */
  readonly trustlevel?: number | undefined;
}

/** Bytes of payload and headers, and about those of all else whose length its publisher chooses, but for the address. */
export function sizeOfContent(
  { payload, headers, passthru, shard }: PublicationContent,
  audienceSize: number,
): number {
  return (
    payload.size + sizeOfHeaders(headers) + audienceSize + sizeOfPassthru(passthru) + (shard?.length ?? 0)
  );
}

/** What a publisher asks for. */
export interface PublishCommand extends Omit<PublicationContent, 'trustlevel'> {
  /** Tell receivers who published. Default false. */
  readonly disclose?: boolean;
  /** Keep it for those who subscribe later [WAMP AP Event Retention]; an empty payload clears what is kept. Default false. */
  readonly retain?: boolean;
}

/** A command that the authorizer has let pass, with what it says of the publisher. */
export type AdmittedPublish = PublishCommand & Pick<PublicationContent, 'trustlevel'>;

/**
 * The command of a publisher that the authorizer trusts so much. In one piece: an object that is spread into another and added
 * to has a shape of its own, and every later look at it costs.
 */
export function trusted(command: PublishCommand, trustlevel: number): AdmittedPublish {
  const { topic, payload, headers, spelling, expiresAt, audience, excludePublisher } = command;
  const { shard, passthru, disclose = false, retain = false } = command;
  return {
    topic,
    payload,
    headers,
    spelling,
    expiresAt,
    audience,
    excludePublisher,
    shard,
    passthru,
    trustlevel,
    disclose,
    retain,
  };
}

/** One event on its way; immutable, shared by all its receivers. */
export class Publication {
  /** The first two forms and what was encoded for them: most publications have no more, and need no map. */
  #firstForm: Form | undefined;
  #first: unknown;
  #secondForm: Form | undefined;
  #second: unknown;
  /** Of an audience, once it was asked for. */
  #audienceSize: number | undefined;
  /** form → what was encoded for it, from the third on */
  #others: Map<Form, unknown> | undefined;

  constructor(
    /** Global-scope id [WAMP BP IDs]. */
    readonly id: number,
    private readonly content: PublicationContent,
    /** Who published it, if receivers may know. */
    readonly publisher: Identity | undefined,
    readonly origin: Origin,
    /** When the router took it, in ms since the Unix epoch. */
    readonly publishedAt: number,
  ) {}

  get topic(): string {
    return this.content.topic;
  }

  get payload(): Payload {
    return this.content.payload;
  }

  get headers(): Headers | undefined {
    return this.content.headers;
  }

  /** See {@link sizeOfContent}. */
  get size(): number {
    const { audience } = this.content;
    if (audience !== undefined) this.#audienceSize ??= sizeOfAudience(audience);
    return sizeOfContent(this.content, this.#audienceSize ?? 0);
  }

  /** See {@link PublicationContent.spelling}. */
  get spelling(): string | undefined {
    return this.content.spelling;
  }

  /** See {@link PublicationContent.expiresAt}. */
  get expiresAt(): number | undefined {
    return this.content.expiresAt;
  }

  get audience(): Audience | undefined {
    return this.content.audience;
  }

  /** See {@link PublicationContent.excludePublisher}. */
  get excludePublisher(): boolean {
    return this.content.excludePublisher === true;
  }

  /** See {@link PublicationContent.shard}. */
  get shard(): string | undefined {
    return this.content.shard;
  }

  get passthru(): Passthru | undefined {
    return this.content.passthru;
  }

  /** See {@link PublicationContent.trustlevel}. */
  get trustlevel(): number | undefined {
    return this.content.trustlevel;
  }

  /** Whether the receiver is told of the past: the topic's retained event [WAMP AP Event Retention]. */
  get retained(): boolean {
    return false;
  }

  /** The same event as a retained one, with encodings of its own. */
  asRetained(): Publication {
    return new RetainedPublication(this.id, this.content, this.publisher, this.origin, this.publishedAt);
  }

  /** The same event with another expiry, and encodings of its own. */
  until(expiresAt: number | undefined): Publication {
    const content = { ...this.content, expiresAt };
    return new Publication(this.id, content, this.publisher, this.origin, this.publishedAt);
  }

  /**
   * The same event without what was encoded for receivers, and without more of the message that it came in than its payload:
   * for a store in memory, which may keep it for long.
   */
  apart(): Publication {
    const { topic, headers, spelling, expiresAt, audience, excludePublisher } = this.content;
    const { shard, passthru, trustlevel } = this.content;
    const payload = this.content.payload.apart();
    const content: PublicationContent = {
      topic,
      payload,
      headers,
      spelling,
      expiresAt,
      audience,
      excludePublisher,
      shard,
      passthru,
      trustlevel,
    };
    return new Publication(this.id, content, this.publisher, this.origin, this.publishedAt);
  }

  /**
   * The encoding for a form: made by the first receiver that needs it, the same object for all others. A part that several
   * forms share (STOMP's tail) is kept in the same way, under a form of its own.
   */
  encodeOnce<F extends Form, T>(form: F, encode: (publication: Publication, form: F) => T): T {
    if (this.#firstForm === form) return this.#first as T;
    if (this.#secondForm === form) return this.#second as T;
    const known = this.#others?.get(form);
    if (known !== undefined) return known as T;
    const encoded = encode(this, form);
    this.#keep(form, encoded);
    return encoded;
  }

  #keep(form: Form, encoded: unknown): void {
    if (this.#firstForm === undefined) {
      this.#firstForm = form;
      this.#first = encoded;
    } else if (this.#secondForm === undefined) {
      this.#secondForm = form;
      this.#second = encoded;
    } else {
      this.#others ??= new Map();
      this.#others.set(form, encoded);
    }
  }
}

/** What a new subscriber is told of a topic's past. */
class RetainedPublication extends Publication {
  override get retained(): boolean {
    return true;
  }
}
