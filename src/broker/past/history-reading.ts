import { EXAMINED } from './past.js';
import type { Past } from './past.js';
import type { HistoryPage, HistoryQuery } from '../ports/history-store.js';
import type { Publication } from '../publication.js';
import type { Replay } from '../subscribe-command.js';
import type { Subscription } from '../subscriptions.js';

/** What a subscription begins with. */
export interface HistoryReading {
  /** In the order of arrival. */
  readonly publications: readonly Publication[];
  /** Whether that is all that was asked for. */
  readonly recovered: boolean;
}

/** Reads the newest part of the history that a subscriber asks for and may see, within the limits of the broker. */
export function readHistory(
  past: Past,
  subscription: Subscription,
  replay: Replay,
): HistoryReading | Promise<HistoryReading> {
  return replay.kind === 'since'
    ? readSince(past, subscription, replay.publication)
    : readLast(past, subscription, Math.max(0, replay.count));
}

function readSince(
  past: Past,
  subscription: Subscription,
  publication: number,
): HistoryReading | Promise<HistoryReading> {
  const { pattern } = subscription.interest;
  const query = { ...scanOf(past), pattern, afterPublication: publication };
  return settled(wholePage(past, subscription, query), (page) => {
    const { publications, left } = newest(past, subscription, page, past.limits.replayMessages);
    const whole = page.complete && !left && !isFull(page, query);
    return { publications, recovered: whole && past.remembers(pattern) };
  });
}

function readLast(
  past: Past,
  subscription: Subscription,
  count: number,
): HistoryReading | Promise<HistoryReading> {
  const { pattern } = subscription.interest;
  const wanted = Math.min(count, past.limits.replayMessages);
  const whole = { ...scanOf(past), pattern };
  const answer = (page: HistoryPage, query: Bounds): HistoryReading | undefined => {
    const { publications, left } = newest(past, subscription, page, wanted);
    const all = publications.length === count;
    const ended = !left && !isFull(page, query);
    // What the subscriber may not see does not count: it asks for the last ones that it may.
    if (!all && !left && query !== whole && isFull(page, query)) return undefined;
    return { publications, recovered: (all || (ended && page.complete)) && past.remembers(pattern) };
  };
  const first = { ...whole, limit: wanted };
  return settled(wholePage(past, subscription, first), (page) => {
    const reading = answer(page, first);
    return reading ?? settled(wholePage(past, subscription, whole), (wider) => answer(wider, whole)!);
  });
}

type WholeQuery = Omit<HistoryQuery, 'now' | 'examined' | 'resume'> & Bounds;

/** A page as long as it may be, however much has to be looked through for it: others have their turn meanwhile. */
function wholePage(
  past: Past,
  subscription: Subscription,
  query: WholeQuery,
): HistoryPage | Promise<HistoryPage> {
  return settled(past.history({ ...query, examined: EXAMINED }), (page) =>
    page.stopped === undefined ? page : readOn(past, subscription, query, page),
  );
}

async function readOn(
  past: Past,
  { attachment }: Subscription,
  query: WholeQuery,
  first: HistoryPage,
): Promise<HistoryPage> {
  const publications = [...first.publications];
  let bytes = query.bytes - sizeOf(first);
  let complete = first.complete;
  for (let { stopped } = first; stopped !== undefined && !attachment.detached;) {
    await past.turn();
    const limit = query.limit - publications.length;
    const page = await past.history({ ...query, limit, bytes, examined: EXAMINED, resume: stopped.place });
    publications.push(...page.publications);
    bytes -= sizeOf(page);
    // What was dropped between two pages is missing.
    complete &&= page.complete;
    stopped = page.stopped;
  }
  return { publications, complete };
}

type Bounds = Pick<HistoryQuery, 'limit'> & { readonly bytes: number };

/** How far back is looked, whatever of it the subscriber may see. */
function scanOf({ limits }: Past): Bounds & { readonly reverse: true } {
  return { reverse: true, limit: limits.replayMessages + 1, bytes: limits.replayBytes + 1 };
}

/** Whether there may be more than the page holds. */
function isFull(page: HistoryPage, { limit, bytes }: Bounds): boolean {
  return page.publications.length >= limit || sizeOf(page) >= bytes;
}

function sizeOf({ publications }: HistoryPage): number {
  return publications.reduce((size, publication) => size + publication.size, 0);
}

/** The first ones of a reversed page that the subscriber may see, in the order of arrival; `left` if some did not fit. */
function newest(
  past: Past,
  subscription: Subscription,
  page: HistoryPage,
  most: number,
): { readonly publications: readonly Publication[]; readonly left: boolean } {
  const taken: Publication[] = [];
  let room = past.limits.replayBytes;
  for (const publication of page.publications) {
    if (!subscription.sees(publication, past.now)) continue;
    room -= publication.size;
    if (taken.length >= most || room < 0) return { publications: taken.reverse(), left: true };
    taken.push(publication);
  }
  return { publications: taken.reverse(), left: false };
}

function settled<T, U>(value: T | Promise<T>, go: (value: T) => U | Promise<U>): U | Promise<U> {
  return value instanceof Promise ? value.then(go) : go(value);
}
