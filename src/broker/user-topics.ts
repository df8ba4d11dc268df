import type { Principal } from './ports/authenticator.js';

/** The first word of every user's own topics. */
const USER = 'user';
/** What may follow the user's name. */
const KINDS = ['queue', 'topic'];

/** What would end the name's place in a topic or a destination, or be read as something else there. */
const UNSAFE = /[\s.#%/]/gu;

/**
 * The name under which a session's user has topics of its own: the authid with `.`, `/`, `#`, `%` and white space
 * percent-encoded. Sessions that nobody has vouched for are each a user: `anonymous-<session id>`.
 */
export function userOf(principal: Principal, session: number): string {
  if (principal.authmethod === 'anonymous') return `anonymous-${session}`;
  return userName(principal.authid);
}

/** The name of the user with this authid; never that of an anonymous session. */
export function userName(authid: string): string {
  // `%` alone is no other authid's name, because theirs is encoded.
  if (authid === '') return '%';
  const name = authid.replace(UNSAFE, encoded);
  return isAnonymousUser(name) ? `%61${name.slice(1)}` : name;
}

/** Whether a name is that of an anonymous session. */
export function isAnonymousUser(name: string): boolean {
  return ANONYMOUS.test(name);
}

const ANONYMOUS = /^anonymous-\d+$/;

/**
 * The topic of a user that STOMP clients see as `/user/<rest>`.
 *
 * @param name as `userOf` has made it.
 * @param rest words joined by dots, of which the first is `queue` or `topic`.
 */
export function userTopic(name: string, rest: string): string {
  return `${USER}.${name}.${rest}`;
}

/** Whether the address is a topic of one user: `user.<name>.queue.…` or `user.<name>.topic.…`. */
export function isUserTopic(address: string): boolean {
  return userOfTopic(address) !== undefined;
}

/** The name of the user whose topic it is; undefined if it is nobody's own. */
export function userOfTopic(address: string): string | undefined {
  if (!address.startsWith('user.')) return undefined;
  const from = USER.length + 1;
  const end = address.indexOf('.', from);
  if (end <= from) return undefined;
  const kind = KINDS.find(
    (word) => address.startsWith(word, end + 1) && address[end + 1 + word.length] === '.',
  );
  return kind === undefined ? undefined : address.slice(from, end);
}

function encoded(character: string): string {
  return character === '.' ? '%2E' : encodeURIComponent(character);
}
