import type { Principal } from '../ports/authenticator.js';
import type { Origin } from '../publication.js';
import type { ConnectionFacts, SessionView } from './realm-view.js';

/** Whom an entry is about: an attachment, as far as others may see it. */
export interface SessionHolder {
  readonly session: number;
  /** Read at each use: it may be renewed. */
  readonly principal: Principal;
  readonly origin: Origin;
  readonly entry: SessionEntry;
  readonly detached: boolean;
}

/** How somebody is attached. */
export interface AttachOptions {
  /** What the endpoint speaks, for code of this process. Default `local`: it is in this process itself. */
  readonly protocol?: string | undefined;
  /** The id, if the router's source of ids gave it out before, for this endpoint only. Default: a new one. */
  readonly session?: number | undefined;
  /** How it is connected, for those who may see sessions. Default: as a client of this process. */
  readonly connection?: ConnectionFacts | undefined;
  /**
   * It is a part of another attachment, and ends with it: what it holds is shown as that one's, and it is not shown itself.
   * Default: it is a session of its own.
   */
  readonly within?: SessionHolder | undefined;
  /** It is the router's own, and shown nowhere as a session. Default false. */
  readonly unlisted?: boolean | undefined;
}

const IN_PROCESS: ConnectionFacts = Object.freeze({ transport: 'local' });

/** An attachment's place among the sessions of its realm: what others may see of it. */
export class SessionEntry implements SessionView {
  /** Nobody is told of its end, nor of the end of what it holds. */
  quiet = false;
  /** The session as which others see what it holds: its own, or the one that it is a part of. */
  readonly shown: number;
  /** Whether it is shown as a session. */
  readonly listed: boolean;
  /** The router's own. */
  readonly unlisted: boolean;
  /** What it is a part of. */
  readonly within: SessionHolder | undefined;
  readonly connection: ConnectionFacts;
  /** Attachments that are parts of this one; made for the first of them. */
  parts: Set<SessionHolder> | undefined;
  /** whose → what is to be done when it is over; made for the first of them */
  #endings: Map<object, () => void> | undefined;

  constructor(
    readonly holder: SessionHolder,
    { connection = IN_PROCESS, within, unlisted = false }: AttachOptions,
    /** In ms since the Unix epoch. */
    readonly since: number,
  ) {
    this.connection = connection;
    this.within = within;
    this.unlisted = unlisted;
    this.listed = within === undefined && !unlisted;
    this.shown = within?.entry.shown ?? holder.session;
  }

  get session(): number {
    return this.holder.session;
  }

  get principal(): Principal {
    return this.holder.principal;
  }

  get protocol(): string {
    return this.holder.origin.protocol;
  }

  /** Has something done once when it is over, however it ends; one thing for each `owner`. */
  atEnd(owner: object, ending: () => void): void {
    (this.#endings ??= new Map()).set(owner, ending);
  }

  /** It is over; `failed` is told what was thrown. For the broker. */
  end(failed: (error: unknown) => void): void {
    for (const ending of this.#endings?.values() ?? []) {
      try {
        ending();
      } catch (error) {
        failed(error);
      }
    }
    this.#endings = undefined;
  }
}
