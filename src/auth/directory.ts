import { createHash, createHmac } from 'node:crypto';

/** What a {@link Directory} needs to know of somebody. */
export interface Listed {
  readonly authid: string;
  readonly role: string;
}

/** Somebody, or somebody like them who does not exist. */
export interface Found<T> {
  /** Who was meant; undefined if nobody has the name. */
  readonly known: T | undefined;
  /** Who was meant, or somebody whose challenge looks like the one that the name would get. */
  readonly shown: T;
}

/**
 * Who may log in by one method. A name that nobody has is answered as if it existed: with the role and the parameters of
 * somebody who does, and with a salt of its own, always the same for the same name, after a restart too. So names cannot be
 * probed by asking for challenges.
 */
export class Directory<T extends Listed> {
  /** authid → who it is */
  readonly #entries = new Map<string, T>();
  /** One entry of each kind: those of a kind differ in nothing that a challenge shows but the salt. */
  readonly #kinds = new Map<string, T>();
  /** Makes salts for names that nobody has. Stays the same while the first entry does. */
  readonly #key: Buffer;

  /**
   * @param entries at least one
   * @param secretOf something of an entry that no client knows
   * @param kindOf what the challenge of an entry shows besides its role and its salt
   * @throws Error for no entry, or a name given twice.
   */
  constructor(entries: readonly T[], secretOf: (entry: T) => string, kindOf: (entry: T) => string) {
    const [first] = entries;
    if (first === undefined) throw new Error('At least one principal is needed.');
    this.#key = createHash('sha256').update('mangrove.decoy\0').update(secretOf(first)).digest();
    for (const entry of entries) {
      if (this.#entries.has(entry.authid)) throw new Error(`The principal "${entry.authid}" is given twice.`);
      this.#entries.set(entry.authid, entry);
      const kind = `${entry.role}\0${kindOf(entry)}`;
      if (!this.#kinds.has(kind)) this.#kinds.set(kind, entry);
    }
  }

  /** Finds somebody by name. */
  find(authid: string): Found<T> {
    const known = this.#entries.get(authid);
    // The same work for everybody: the time must not tell either.
    const decoy = this.#decoyFor(authid);
    return { known, shown: known ?? decoy };
  }

  /** A salt, and anything else that looks random, for a name that nobody has. 32 bytes. */
  fakeBytes(authid: string, what: string): Buffer {
    return createHmac('sha256', this.#key).update(`${what}\0${authid}`).digest();
  }

  /** The kind whose draw for this name is the highest: kinds that come and go move few names. */
  #decoyFor(authid: string): T {
    let chosen: T | undefined;
    let highest = '';
    for (const [kind, entry] of this.#kinds) {
      const draw = this.fakeBytes(authid, kind).toString('hex');
      if (chosen === undefined || draw > highest) [chosen, highest] = [entry, draw];
    }
    // There is at least one kind.
    return chosen as T;
  }
}
