/** Receivers by session, authid and authrole. */
export interface Receivers {
  readonly sessions?: ReadonlySet<number> | undefined;
  readonly authids?: ReadonlySet<string> | undefined;
  readonly authroles?: ReadonlySet<string> | undefined;
}

/**
 * Who of the subscribers may receive a publication [WAMP AP Subscriber Black- and Whitelisting]. Checked at every sink: live,
 * retained, history, queue.
 */
export interface Audience {
  /** Only those who are in every list that is present; a present empty list means nobody. */
  readonly eligible?: Receivers | undefined;
  /** None of those who are in any list. */
  readonly exclude?: Receivers | undefined;
}

/** The most entries that a list of receivers may have: they are kept as long as the event is. */
export const MOST_LISTED = 1000;

/** What is wrong with the lists of an audience: one has more than {@link MOST_LISTED} entries. */
export function audienceFault(audience: Audience | undefined): string | undefined {
  for (const receivers of [audience?.eligible, audience?.exclude]) {
    for (const list of [receivers?.sessions, receivers?.authids, receivers?.authroles]) {
      if (list !== undefined && list.size > MOST_LISTED) {
        return `A list of receivers may have ${MOST_LISTED} entries.`;
      }
    }
  }
  return undefined;
}

/** About what one entry of a list costs besides its characters, in bytes. */
const ENTRY = 64;

/** About what the lists of an audience keep in memory, in bytes: their publisher chooses how long they are. */
export function sizeOfAudience(audience: Audience | undefined): number {
  if (audience === undefined) return 0;
  let size = 0;
  for (const receivers of [audience.eligible, audience.exclude]) {
    size += ENTRY * (receivers?.sessions?.size ?? 0);
    for (const names of [receivers?.authids, receivers?.authroles])
      for (const name of names ?? []) size += ENTRY + name.length;
  }
  return size;
}
