/** The last write of each realm that is not yet safe: a read waits for it, and so sees all that this process has written. */
export class Pending {
  /** realm → its last write */
  readonly #last = new Map<string, Promise<void>>();

  /** Notes a write; gives it back. */
  note(realm: string, write: Promise<void>): Promise<void> {
    const settled = write.then(
      () => {},
      () => {},
    );
    this.#last.set(realm, settled);
    void settled.then(() => {
      if (this.#last.get(realm) === settled) this.#last.delete(realm);
    });
    return write;
  }

  /** Reads when what was written before is safe: at once if it is. */
  read<Answer>(realm: string, read: () => Answer): Answer | Promise<Answer> {
    const last = this.#last.get(realm);
    return last === undefined ? read() : last.then(read);
  }
}
