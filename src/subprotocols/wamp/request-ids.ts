/** The last id of session scope; after it they begin anew [WAMP BP IDs]. */
const LAST_ID = 2 ** 53;

/** The id of session scope that follows another; 1 follows the last, and 0, which is none. */
export function idAfter(id: number): number {
  return id === LAST_ID ? 1 : id + 1;
}

/** The request ids of one client, where they have to be in sequence [WAMP BP IDs]. */
export class RequestSequence {
  /** @param last the id that came last. Default: none has come. */
  constructor(private last = 0) {}

  /** Takes the next id; false, and nothing has changed, if it is another one. */
  takes(id: number): boolean {
    if (id !== idAfter(this.last)) return false;
    this.last = id;
    return true;
  }
}
