import type { Headers, Payload } from './payload.js';
import type { Principal } from './ports/authenticator.js';

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

/**
 * A way to write a publication for one kind of receiver, kept on the subscription and compared by identity: receivers with
 * the same form share one encoding.
 */
export interface Form {
  /** A number that no other form of this broker has. */
  readonly ordinal: number;
}

/** What a publisher asks for. */
export interface PublishCommand {
  readonly topic: string;
  readonly payload: Payload;
  readonly headers?: Headers | undefined;
  /** The address as the publisher spelled it in its own protocol, shown unchanged to receivers of that protocol. */
  readonly spelling?: string | undefined;
  /** Tell receivers who published. Default false. */
  readonly disclose?: boolean;
  /** Leave the publisher's own session out [WAMP AP Publisher Exclusion]. Default false: the subprotocol decides. */
  readonly excludePublisher?: boolean;
}

/** One event on its way; immutable, shared by all its receivers. */
export class Publication {
  /** The first two forms and what was encoded for them: most publications have no more, and need no map. */
  #firstForm: Form | undefined;
  #first: unknown;
  #secondForm: Form | undefined;
  #second: unknown;
  /** form → what was encoded for it, from the third on */
  #others: Map<Form, unknown> | undefined;

  constructor(
    /** Global-scope id [WAMP BP IDs]. */
    readonly id: number,
    readonly topic: string,
    readonly payload: Payload,
    readonly headers: Headers | undefined,
    readonly spelling: string | undefined,
    /** Who published it, if receivers may know. */
    readonly publisher: Identity | undefined,
    readonly origin: Origin,
  ) {}

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
