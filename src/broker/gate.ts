import type { Filter } from './filter.js';
import type { Publication } from './publication.js';

/** What a subscriber does not want to be told. */
interface Wishes {
  readonly noLocal?: boolean;
  readonly filter?: Filter | undefined;
  readonly sees?: ((topic: string) => boolean) | undefined;
}

/** Keeps what matches a subscription until its replay is over. */
export interface Holder {
  hold(publication: Publication): void;
}

/** What stands between matching publications and one subscription. Most subscriptions have none. */
export class Gate {
  /** Set while the subscription is held. */
  holder: Holder | undefined;

  constructor(
    /** The session whose own publications are left out. */
    private readonly notFrom: number | undefined,
    private readonly filter: Filter | undefined,
    /** Whether the subscriber may be told of a topic; undefined if it may of all that its pattern matches. */
    public sees: ((topic: string) => boolean) | undefined = undefined,
  ) {}

  /** Whether it has nothing to do any more. */
  get open(): boolean {
    return (
      this.notFrom === undefined &&
      this.filter === undefined &&
      this.holder === undefined &&
      this.sees === undefined
    );
  }

  /** Whether each publication has to be looked at. */
  get selects(): boolean {
    return this.filter !== undefined;
  }

  /** Whether the subscription wants the publication at all. */
  accepts(publication: Publication): boolean {
    if (this.notFrom === publication.origin.session) return false;
    if (this.filter !== undefined && !this.filter.accepts(publication)) return false;
    return this.sees === undefined || this.sees(publication.topic);
  }

  /** Whether the publication goes on to the subscriber now; if it is held instead, it is kept here. */
  passes(publication: Publication): boolean {
    if (!this.accepts(publication)) return false;
    if (this.holder === undefined) return true;
    this.holder.hold(publication);
    return false;
  }
}

/** The gate that a subscriber of this session asks for; undefined if it asks for none. */
export function gateOf(session: number, { noLocal, filter, sees }: Wishes): Gate | undefined {
  if (noLocal !== true && filter === undefined && sees === undefined) return undefined;
  return new Gate(noLocal === true ? session : undefined, filter, sees);
}
