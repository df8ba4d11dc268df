import type { Bystanding } from './scenario.js';

/** Topics that are published to, in turns: what is found once may be found again, but not as if it were the only one. */
const TOPICS = 64;
/** Words in the middle of a long topic that hostile patterns leave open or not, in every combination. */
const WORDS = ['north', 'hall', 'w12', 'day', 'paid', 'card', 'visa', 'web', 'de', 'hh', 'new', 'std', 'x'];

/** SUBSCRIBEs of sessions that are given nothing. */
export interface Bystanders {
  /** WAMP messages. */
  readonly wamp: readonly string[];
  /** STOMP frames, each with a receipt: WAMP cannot say "any number of words". */
  readonly stomp: readonly string[];
}

/** The topics that are published to beside bystanders of this kind. */
export function topicsOf(kind: Bystanding['kind']): readonly string[] {
  return Array.from({ length: TOPICS }, (_, n) =>
    kind === 'hostile' ? `shop.${n}.${WORDS.join('.')}` : `shop.eu.${n}.orders.created`,
  );
}

/** So many subscriptions, none of which matches a topic that is published to. */
export function bystanders({ kind, count }: Bystanding): Bystanders {
  const wamp: string[] = [];
  const stomp: string[] = [];
  for (let n = 0; n < count; n++) {
    if (kind === 'exact') {
      wamp.push(subscribe(n, {}, `shop.eu.${TOPICS + n}.orders.created`));
    } else if (n % 3 === 0) {
      wamp.push(subscribe(n, { match: 'prefix' }, kind === 'hostile' ? hostilePrefix(n) : prefix(n)));
    } else if (n % 3 === 1) {
      wamp.push(subscribe(n, { match: 'wildcard' }, kind === 'hostile' ? hostileWildcard(n) : wildcard(n)));
    } else {
      const words = kind === 'hostile' ? hostileMulti(n) : multi(n);
      stomp.push(`SUBSCRIBE\nid:${n}\ndestination:/topic/${words}\nreceipt:${n}\n\n\0`);
    }
  }
  return { wamp, stomp };
}

function subscribe(n: number, options: { readonly match?: string }, topic: string): string {
  return JSON.stringify([32, n + 1, options, topic]);
}

function prefix(n: number): string {
  return n % 2 === 0 ? `shop.eu.${TOPICS + n}.` : `shop.us.${n}.orders.`;
}

function wildcard(n: number): string {
  return n % 2 === 0 ? `shop.eu.${TOPICS + n}..created` : `shop..${TOPICS + n}.orders.`;
}

function multi(n: number): string {
  return n % 2 === 0 ? `shop.eu.${TOPICS + n}.#` : `shop.*.${TOPICS + n}.orders.#`;
}

/** A topic, and one word more. */
function hostilePrefix(n: number): string {
  return `shop.${n % TOPICS}.${WORDS.join('.')}.${n}`;
}

/** All words or any in their place, each combination once, and at the end a word that is not there. */
function hostileWildcard(n: number): string {
  const words = WORDS.map((word, place) => (((Math.floor(n / 3) >> place) & 1) === 0 ? word : ''));
  return ['shop', '', ...words.slice(0, -1), `not${n}`].join('.');
}

/** Any number of words, again and again, and at the end a word that is not there. */
function hostileMulti(n: number): string {
  const words = WORDS.filter((_, place) => ((Math.floor(n / 3) >> place) & 1) === 0);
  return ['shop', '#', ...words.slice(0, 2), '#', ...words.slice(2), '#', `not${n}`].join('.');
}
