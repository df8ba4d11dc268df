import type { HistoryBounds, HistoryPage, HistoryQuery, Publication } from '../../src/broker/index.js';
import { matcherOf, sizeOfHeaders } from '../../src/broker/index.js';

interface Entry {
  readonly publication: Publication;
  dropped: boolean;
}

/** What a history store should answer, said in the simplest way: all events in a list, filtered. */
export class HistoryModel {
  readonly #entries: Entry[] = [];

  append(publication: Publication, bounds: HistoryBounds): void {
    this.#entries.push({ publication, dropped: false });
    const kept = this.#entries.filter(
      (entry) => !entry.dropped && entry.publication.topic === publication.topic,
    );
    let bytes = 0;
    for (const entry of kept) bytes += sizeOf(entry.publication);
    for (let at = 0; kept.length - at > bounds.entries || bytes > bounds.bytes; at += 1) {
      kept[at]!.dropped = true;
      bytes -= sizeOf(kept[at]!.publication);
    }
  }

  read(query: HistoryQuery): HistoryPage {
    const matches = matcherOf(query.pattern);
    const wanted = ({ topic }: Publication): boolean =>
      matches(topic) && (query.topic === undefined || query.topic === topic);
    const begin = Math.max(this.#place(query.fromPublication), this.#place(query.afterPublication) + 1, 0);
    const known = [query.fromPublication, query.afterPublication].every(
      (id) => id === undefined || this.#place(id) >= 0,
    );
    const complete =
      known &&
      this.#entries.every(({ publication, dropped }, at) => at < begin || !dropped || !wanted(publication));
    let found = this.#entries
      .filter(({ dropped }, at) => !dropped && at >= begin && this.#isBefore(at, query))
      .map(({ publication }) => publication)
      .filter((publication) => wanted(publication) && isInTime(publication, query));
    if (query.reverse === true) found = found.reverse();
    return { publications: cut(found.slice(0, query.limit), query.bytes), complete };
  }

  /** The place of a publication that is kept; -1 if it is not known. */
  #place(id: number | undefined): number {
    return this.#entries.findIndex(({ publication, dropped }) => !dropped && publication.id === id);
  }

  #isBefore(at: number, { untilPublication, beforePublication }: HistoryQuery): boolean {
    if (untilPublication !== undefined && at > this.#place(untilPublication)) return false;
    return beforePublication === undefined || at < this.#place(beforePublication);
  }
}

function isInTime({ publishedAt, expiresAt }: Publication, query: HistoryQuery): boolean {
  return (
    (expiresAt ?? Number.POSITIVE_INFINITY) > query.now &&
    publishedAt >= (query.fromTime ?? Number.NEGATIVE_INFINITY) &&
    publishedAt > (query.afterTime ?? Number.NEGATIVE_INFINITY) &&
    publishedAt < (query.beforeTime ?? Number.POSITIVE_INFINITY) &&
    publishedAt <= (query.untilTime ?? Number.POSITIVE_INFINITY)
  );
}

function cut(publications: readonly Publication[], bytes = Number.POSITIVE_INFINITY): readonly Publication[] {
  let sum = 0;
  const end = publications.findIndex((publication) => (sum += sizeOf(publication)) >= bytes);
  return end < 0 ? publications : publications.slice(0, end + 1);
}

function sizeOf(publication: Publication): number {
  return publication.payload.size + sizeOfHeaders(publication.headers);
}
