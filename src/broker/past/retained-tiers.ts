import type { StoreError } from '../ports/queue-store.js';
import type { RetainedChange, RetainedPage, RetainedQuery, RetainedStore } from '../ports/retained-store.js';
import type { Publication } from '../publication.js';

/**
 * Retains two events of a topic: the last one that all its subscribers may have, and after it the last one for some of them
 * alone. So nobody goes without because of an event that was not for them [WAMP AP Event Retention]. The second is kept under a
 * realm of its own, whose name no realm has; each has the bounds of the store.
 */
export class RetainedTiers implements RetainedStore {
  constructor(private readonly store: RetainedStore) {}

  get durable(): boolean {
    return this.store.durable;
  }

  put(realm: string, publication: Publication): Promise<void> | undefined {
    if (isForSome(publication)) return this.store.put(restricted(realm), publication);
    const put = this.store.put(open(realm), publication);
    // What was for some is older now than what they have with everybody.
    return both(put, this.store.delete(restricted(realm), publication.topic));
  }

  refusalOf(realm: string, changes: readonly RetainedChange[]): StoreError | undefined {
    const forAll: RetainedChange[] = [];
    const forSome: RetainedChange[] = [];
    for (const change of changes) {
      const { publication } = change;
      const tier = publication !== undefined && isForSome(publication) ? forSome : forAll;
      tier.push(change);
    }
    return (
      (forAll.length > 0 ? this.store.refusalOf?.(open(realm), forAll) : undefined) ??
      (forSome.length > 0 ? this.store.refusalOf?.(restricted(realm), forSome) : undefined)
    );
  }

  delete(realm: string, topic: string): Promise<void> | undefined {
    return both(this.store.delete(open(realm), topic), this.store.delete(restricted(realm), topic));
  }

  /** As the store's; of two events of one topic the one for some comes first, which is the later one. */
  match(realm: string, query: RetainedQuery): RetainedPage | Promise<RetainedPage> {
    const forAll = this.store.match(open(realm), query);
    const forSome = this.store.match(restricted(realm), query);
    if (!(forAll instanceof Promise) && !(forSome instanceof Promise)) return merged(forAll, forSome);
    return Promise.all([forAll, forSome]).then(([all, some]) => merged(all, some));
  }
}

function isForSome({ audience }: Publication): boolean {
  return audience !== undefined;
}

/** Under which name the store has a realm's events for all, and under which those for some: no two of them are alike. */
function open(realm: string): string {
  return realm.startsWith('\0') ? `\0\0${realm}` : realm;
}

function restricted(realm: string): string {
  return `\0restricted\0${realm}`;
}

function both(one: Promise<void> | undefined, other: Promise<void> | undefined): Promise<void> | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return Promise.all([one, other]).then(() => undefined);
}

/** Two pages as one: as far as both of them go, since what follows on either may come before the rest of the other. */
function merged(forAll: RetainedPage, forSome: RetainedPage): RetainedPage {
  const end = firstOf(endOf(forAll), endOf(forSome));
  if (end === undefined) return forAll;
  const publications = [...forSome.publications, ...forAll.publications]
    .filter(({ topic }) => topic <= end)
    .sort((one, other) => (one.topic < other.topic ? -1 : Number(one.topic > other.topic)));
  const isStopped = forAll.stopped !== undefined || forSome.stopped !== undefined;
  return { publications, stopped: isStopped ? end : undefined };
}

/** The topic up to which a page tells all that there is; undefined if nothing follows it. */
function endOf({ publications, stopped }: RetainedPage): string | undefined {
  return stopped ?? publications.at(-1)?.topic;
}

function firstOf(one: string | undefined, other: string | undefined): string | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return one < other ? one : other;
}
