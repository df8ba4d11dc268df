import type { Pattern } from '../../broker/index.js';
import { MANY } from '../../broker/index.js';
import { quoted } from './errors.js';
import type { UserDestination } from './user-destinations.js';
import { USER, userDestinationOf } from './user-destinations.js';

/** What a destination names. */
export type Destination =
  | { readonly kind: 'topic'; readonly pattern: Pattern }
  | { readonly kind: 'queue'; readonly name: string }
  | UserDestination
  | { readonly kind: 'procedure'; readonly uri: string }
  /** A reply address of the session's own, by its whole name. */
  | { readonly kind: 'temp-queue'; readonly name: string }
  /** Somebody else's reply address. */
  | { readonly kind: 'reply-queue'; readonly token: string };

/** Why a destination names nothing. */
export interface DestinationFault {
  readonly kind: 'fault';
  readonly detail: string;
}

const TOPIC = '/topic/';
const QUEUE = '/queue/';
const RPC = '/rpc/';
const TEMP_QUEUE = '/temp-queue/';
const REPLY_QUEUE = '/reply-queue/';
const KINDS = '/topic/, /queue/, /user/, /rpc/, /temp-queue/ and /reply-queue/';

const CONTROL_CHARACTER = /\p{Cc}/u;
const UNSAFE = /[\s#]/u;
const EVERY_UNSAFE = /[\s#]/gu;

/** Whether a header names a reply address of its sender. */
export function isTempQueue(destination: string): boolean {
  return destination.startsWith(TEMP_QUEUE);
}

/** The address under which others reach a reply address. */
export function replyQueue(token: string): string {
  return REPLY_QUEUE + token;
}

/** The destination of what was published without one: by a WAMP client. */
export function topicDestination(topic: string, separator: '.' | '/'): string {
  return TOPIC + spelled(topic, separator);
}

/** The destination of what came to a queue without one. */
export function queueDestination(queue: string, separator: '.' | '/'): string {
  return QUEUE + spelled(queue, separator);
}

/** The words of an address as a client writes them. */
export function spelled(name: string, separator: '.' | '/'): string {
  if (separator === '.') return name;
  const words = name.split('.').map((word) => word.replaceAll('/', '%2F').replaceAll('%2E', '.'));
  return words.join('/');
}

/** The destination under which a callee is called. */
export function procedureDestination(procedure: string): string {
  return RPC + procedure;
}

/**
 * Reads the destination of a SEND or, with `patterns`, of a SUBSCRIBE.
 *
 * There is one canonical form, which is authorised and routed: the words after the kind, joined by dots, white space and `#`
 * percent-encoded because no URI may hold them [WAMP BP URIs]. Nothing is decoded, so nothing has a second spelling that
 * means something else. A word `*` stands for one word and `#` for any number; neither is a name to send to.
 */
export function destinationOf(
  text: string,
  separator: '.' | '/',
  patterns: boolean,
): Destination | DestinationFault {
  if (CONTROL_CHARACTER.test(text)) return fault('The destination holds a control character.');
  if (text.startsWith(TOPIC)) return topicOf(text.slice(TOPIC.length), separator, patterns);
  if (text.startsWith(QUEUE)) return queueOf(text.slice(QUEUE.length), separator);
  if (text.startsWith(USER)) {
    return userDestinationOf(text.slice(USER.length), (rest) =>
      nameOfWords(rest.split(separator), separator),
    );
  }
  if (text.startsWith(RPC)) return procedureOf(text.slice(RPC.length));
  if (text.startsWith(TEMP_QUEUE)) {
    return text.length === TEMP_QUEUE.length
      ? fault('The reply address has no name.')
      : { kind: 'temp-queue', name: text };
  }
  if (text.startsWith(REPLY_QUEUE)) return { kind: 'reply-queue', token: text.slice(REPLY_QUEUE.length) };
  return fault(`Destinations begin with ${KINDS}, not as ${quoted(text)}.`);
}

/** A URI as WAMP's loose rule allows it, made of words that the client wrote; undefined if one of them is empty. */
export function looseUri(text: string): string | undefined {
  if (text.split('.').includes('')) return undefined;
  return encoded(text);
}

function topicOf(rest: string, separator: '.' | '/', patterns: boolean): Destination | DestinationFault {
  const words = rest.split(separator);
  const components: string[] = [];
  let many = false;
  let one = false;
  for (const word of words) {
    if (word === '') return fault('The destination holds an empty word.');
    const wild = word === '*' || word === '#';
    if (wild && !patterns) return fault('A message is sent to one destination, not to a pattern.');
    if (word === '#') many = true;
    if (word === '*') one = true;
    if (!wild) components.push(component(word, separator));
    else components.push(word === '*' ? '' : MANY);
  }
  const text = components.join('.');
  if (many) return { kind: 'topic', pattern: { match: 'multi', text } };
  return { kind: 'topic', pattern: { match: one ? 'wildcard' : 'exact', text } };
}

function queueOf(rest: string, separator: '.' | '/'): Destination | DestinationFault {
  const words = rest.split(separator);
  if (words.includes('')) return fault('The destination holds an empty word.');
  const name = nameOfWords(words, separator);
  return name === undefined ? fault('A queue has one name, which is no pattern.') : { kind: 'queue', name };
}

/** The name that a client's words make; undefined if one of them is empty, or stands for others. */
export function nameOfWords(words: readonly string[], separator: '.' | '/' = '.'): string | undefined {
  const nameless = words.some((word) => word === '' || word === '*' || word === '#');
  return nameless ? undefined : words.map((word) => component(word, separator)).join('.');
}

function component(word: string, separator: '.' | '/'): string {
  const safe = encoded(word);
  return separator === '/' ? safe.replaceAll('.', '%2E') : safe;
}

function procedureOf(rest: string): Destination | DestinationFault {
  const uri = looseUri(rest);
  if (uri === undefined) return fault('The destination holds an empty word.');
  const words = uri.split('.');
  if (words.includes('*') || rest.split('.').includes('#')) return fault('A procedure has one name.');
  return { kind: 'procedure', uri };
}

function encoded(text: string): string {
  return UNSAFE.test(text) ? text.replace(EVERY_UNSAFE, encodeURIComponent) : text;
}

function fault(detail: string): DestinationFault {
  return { kind: 'fault', detail };
}
