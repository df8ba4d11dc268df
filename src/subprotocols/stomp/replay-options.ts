import type { Replay, SubscribeCommand } from '../../broker/index.js';
import { idOf } from './global-ids.js';
import type { HeaderValues } from './header-values.js';

/** What the headers of a SUBSCRIBE to a topic say about its past. */
export type ReplayOptions = Pick<SubscribeCommand, 'retained' | 'replay'>;

/** The most events that `history` may ask for; the broker may keep, and replay, fewer. */
const MOST_EVENTS = 1_000_000;

/**
 * Reads `get-retained` (ActiveMQ's `activemq.retroactive` in the compatible profile), `history` and `since`; wrong values are
 * told by `values`.
 *
 * @param aliases whether ActiveMQ's name is understood.
 */
export function replayOptionsOf(values: HeaderValues, aliases: boolean): ReplayOptions {
  const names = aliases ? ['get-retained', 'activemq.retroactive'] : ['get-retained'];
  return { retained: values.truth(...names) === true, replay: replayOf(values) };
}

/** Refuses a SUBSCRIBE that asks for what only a topic has: nobody must believe that nothing was missed. */
export function refuseReplay(values: HeaderValues): void {
  if (values.truth('get-retained') === true) values.refuse('get-retained', FOR_TOPICS);
  for (const name of ['history', 'since']) {
    if (values.text(name) !== undefined) values.refuse(name, FOR_TOPICS);
  }
}

const FOR_TOPICS = 'is for topics, without a durable subscription';

function replayOf(values: HeaderValues): Replay | undefined {
  const count = values.number({ min: 1, max: MOST_EVENTS }, 'history');
  const since = values.text('since');
  if (since === undefined) return count === undefined ? undefined : { kind: 'last', count };
  if (values.text('history') !== undefined) values.refuse('history', 'does not go with since');
  // A whole message id is as good: it begins with the publication's.
  const publication = idOf(since.split('-', 1)[0] ?? '');
  if (publication !== undefined) return { kind: 'since', publication };
  values.refuse('since', 'is no id of a publication');
  return undefined;
}
