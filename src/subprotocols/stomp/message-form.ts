import type { Form, Publication } from '../../broker/index.js';
import { Frame } from '../subprotocol.js';
import type { StompVersion } from './codec/index.js';
import { headerLine } from './codec/index.js';
import { topicDestination } from './destinations.js';
import type { Tail } from './header-hygiene.js';
import { encodeTail, identityHeaders } from './header-hygiene.js';

/** What forms of one version have in common. */
export interface FormStyle {
  readonly version: StompVersion;
  readonly separator: '.' | '/';
  /** The client began with a binary message and gets nothing but binary ones. */
  readonly alwaysBinary: boolean;
  /** Counts a header that this version cannot say. */
  readonly headerDropped: () => void;
}

/** Keys under which the tail of a MESSAGE is kept, one for each version and separator. */
const TAIL_KEYS: Readonly<Record<string, Readonly<Record<StompVersion, Form>>>> = {
  '.': { '1.0': { ordinal: -1 }, '1.1': { ordinal: -2 }, '1.2': { ordinal: -3 } },
  '/': { '1.0': { ordinal: -4 }, '1.1': { ordinal: -5 }, '1.2': { ordinal: -6 } },
};

/**
 * How events are written for auto-acknowledged subscriptions of one pattern, version and id: one frame for all of them,
 * and one tail for all ids.
 */
export class MessageForm implements Form {
  readonly #head: string;

  constructor(
    readonly ordinal: number,
    subscriptionId: string | undefined,
    readonly style: FormStyle,
  ) {
    this.#head = `${messageHead(subscriptionId, style.version)}message-id:`;
  }

  /** The name of the form within an interest. */
  static nameOf(subscriptionId: string | undefined, { version, separator, alwaysBinary }: FormStyle): string {
    const kind = subscriptionId === undefined ? 'unnamed' : `id ${subscriptionId}`;
    return `stomp ${version} ${separator} ${alwaysBinary ? 'binary' : 'auto'} ${kind}`;
  }

  /** The MESSAGE for a publication; `message-id` names the publication and this form. */
  encode(publication: Publication): Frame {
    const head = Buffer.from(`${this.#head}${publication.id}-${this.ordinal}\n`);
    const tail = topicTail(publication, this.style);
    return new Frame(this.style.alwaysBinary || tail.binary, [head, tail.bytes]);
  }
}

/** Encodes a publication for a form; the function that `encodeOnce` is given. */
export function encodeMessage(publication: Publication, form: MessageForm): Frame {
  return form.encode(publication);
}

/** `MESSAGE` and its `subscription`; 1.0 has none for a subscription without id [STOMP 1.0 MESSAGE]. */
export function messageHead(subscriptionId: string | undefined, version: StompVersion): string {
  return subscriptionId === undefined
    ? 'MESSAGE\n'
    : `MESSAGE\n${headerLine('subscription', subscriptionId, version)}`;
}

/** The tail of a topic's MESSAGE, made once for all receivers of one version. */
export function topicTail(publication: Publication, style: FormStyle): Tail {
  return publication.encodeOnce(TAIL_KEYS[style.separator]![style.version], () =>
    encodeTail(
      {
        // The publisher's own spelling, byte for byte; WAMP publishers have none.
        destination: publication.spelling ?? topicDestination(publication.topic, style.separator),
        own: identityHeaders(publication.publisher),
        user: publication.headers,
        payload: publication.payload,
      },
      style.version,
      style.headerDropped,
    ),
  );
}
