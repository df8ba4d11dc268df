import type { Observers } from './observers.js';
import type { SessionView } from './realm-view.js';
import type { SessionHolder } from './session-entry.js';

/** Who is attached to a realm: every endpoint, and those of them that others see as sessions. */
export class SessionTable<A extends SessionHolder> {
  /** session → attachment */
  readonly #attachments = new Map<number, A>();

  constructor(private readonly observers: Observers) {}

  /** Attachments of all kinds. */
  get size(): number {
    return this.#attachments.size;
  }

  add(attachment: A): void {
    const { entry, session } = attachment;
    this.#attachments.set(session, attachment);
    if (entry.within !== undefined) (entry.within.entry.parts ??= new Set()).add(attachment);
    if (entry.listed && this.observers.any) this.observers.tell('joined', entry);
  }

  /** Whether it was still there; those who watch are told by `left`, once all that it held is gone. */
  remove({ entry, session }: A): boolean {
    entry.within?.entry.parts?.delete(entry.holder);
    return this.#attachments.delete(session);
  }

  left({ entry }: A): void {
    if (!entry.listed || entry.quiet || !this.observers.any) return;
    this.observers.tell('left', entry);
  }

  /** The attachment that is shown as this session, unless it is about to go. */
  find(session: number): A | undefined {
    const attachment = this.#attachments.get(session);
    return attachment !== undefined && isShown(attachment) ? attachment : undefined;
  }

  /** Attachments of all kinds, in the order in which they came. */
  all(): Iterable<A> {
    return this.#attachments.values();
  }

  /** All that are shown as sessions, in the order in which they came. */
  *listed(): Generator<A> {
    for (const attachment of this.#attachments.values()) if (isShown(attachment)) yield attachment;
  }

  /** The same, as others see them. */
  *sessions(): Generator<SessionView> {
    for (const { entry } of this.listed()) yield entry;
  }
}

function isShown({ entry, detached }: SessionHolder): boolean {
  return entry.listed && !detached;
}
