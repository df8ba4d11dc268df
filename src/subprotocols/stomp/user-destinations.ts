import { isAnonymousUser, userName, userOfTopic, userTopic } from '../../broker/index.js';

/** A destination of one user's sessions. */
export interface UserDestination {
  readonly kind: 'user';
  /** Whose, as the broker names users; undefined for the sender's or subscriber's own. */
  readonly user: string | undefined;
  /** What follows the user: words joined by dots, `queue` or `topic` first. */
  readonly rest: string;
  /** As the user's own sessions spell it: `/user/queue/x`. */
  readonly spelling: string;
}

/** Why there is none. */
interface Fault {
  readonly kind: 'fault';
  readonly detail: string;
}

/** How destinations of users begin. */
export const USER = '/user/';
/** What follows the user, or stands for the own one if it follows at once. */
const KIND = /^(queue|topic)\//;

/**
 * Reads what follows `/user/`: `queue/x` of one's own, `<name>/queue/x` of somebody's. Names are percent-decoded once, so that
 * one with a `/` can be written (`%2F`), or one that is `queue` (`%71ueue`); what is authorised and routed is the broker's one
 * spelling of the name. `anonymous-<session id>` is an anonymous session, whoever logs in by such a name (`%61nonymous-1`).
 *
 * @param wordsOf makes the rest's canonical form; undefined if a word is empty or a pattern.
 */
export function userDestinationOf(
  rest: string,
  wordsOf: (text: string) => string | undefined,
): UserDestination | Fault {
  const own = KIND.exec(rest);
  if (own !== null) return destinationOf(undefined, rest, wordsOf);
  const slash = rest.indexOf('/');
  const user = slash < 0 ? undefined : userNamed(rest.slice(0, slash));
  if (user === undefined) return fault('The user is no percent-encoded name.');
  return destinationOf(user, rest.slice(slash + 1), wordsOf);
}

/** The topic behind a destination, for one who is the user `self`. */
export function topicOfUser({ user, rest }: UserDestination, self: string): string {
  return userTopic(user ?? self, rest);
}

/**
 * How the user's sessions see their own topic, whoever sent to it and however that was spelled; undefined for a topic that is
 * nobody's own.
 *
 * @param spelled writes dotted words in the receiver's dialect.
 */
export function shownToUser(
  { topic, spelling }: { readonly topic: string; readonly spelling: string | undefined },
  spelled: (words: string) => string,
): string | undefined {
  const user = userOfTopic(topic);
  if (user === undefined) return undefined;
  if (spelling?.startsWith(USER) === true) return spelling;
  const rest = topic.slice(userTopic(user, '').length);
  const end = rest.indexOf('.');
  return `${USER}${rest.slice(0, end)}/${spelled(rest.slice(end + 1))}`;
}

function destinationOf(
  user: string | undefined,
  rest: string,
  wordsOf: (text: string) => string | undefined,
): UserDestination | Fault {
  const kind = KIND.exec(rest)?.[1];
  if (kind === undefined) return fault('Destinations of a user go on with queue/ or topic/.');
  const words = wordsOf(rest.slice(kind.length + 1));
  if (words === undefined) return fault('A destination of a user has one name, without empty words.');
  return { kind: 'user', user, rest: `${kind}.${words}`, spelling: USER + rest };
}

/** The broker's name for the user whose name a client has written. */
function userNamed(written: string): string | undefined {
  if (isAnonymousUser(written)) return written;
  try {
    return written === '' ? undefined : userName(decodeURIComponent(written));
  } catch {
    return undefined;
  }
}

function fault(detail: string): Fault {
  return { kind: 'fault', detail };
}
