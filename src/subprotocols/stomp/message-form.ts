import type { Form, Publication } from '../../broker/index.js';
import { decimal } from '../../lib/index.js';
import type { Frame } from '../subprotocol.js';
import type { StompVersion } from './codec/index.js';
import { headerLine } from './codec/index.js';
import { topicDestination } from './destinations.js';
import type { Message } from './header-hygiene.js';
import { encodeMessage, identityHeaders } from './header-hygiene.js';

/** What forms of one version have in common. */
export interface FormStyle {
  readonly version: StompVersion;
  readonly separator: '.' | '/';
  /** The client began with a binary message and gets nothing but binary ones. */
  readonly alwaysBinary: boolean;
  /** Counts a header that this version cannot say. */
  readonly headerDropped: () => void;
}

/** Keys under which a MESSAGE is kept whose tail others may share, one for each version and separator. */
const MESSAGE_KEYS: Readonly<Record<string, Readonly<Record<StompVersion, Form>>>> = {
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
    const head = `${this.#head}${decimal(publication.id)}-${this.ordinal}\n`;
    return topicFrame(publication, head, this.style);
  }
}

/** Encodes a publication for a form; the function that `encodeOnce` is given. */
export function encodeInForm(publication: Publication, form: MessageForm): Frame {
  return form.encode(publication);
}

/** `MESSAGE` and its `subscription`; 1.0 has none for a subscription without id [STOMP 1.0 MESSAGE]. */
export function messageHead(subscriptionId: string | undefined, version: StompVersion): string {
  return subscriptionId === undefined
    ? 'MESSAGE\n'
    : `MESSAGE\n${headerLine('subscription', subscriptionId, version)}`;
}

/** A topic's MESSAGE with a head of its own; the tail is made once for all receivers of one version. */
export function topicFrame(publication: Publication, head: string, style: FormStyle): Frame {
  const message = publication.encodeOnce(MESSAGE_KEYS[style.separator]![style.version], () =>
    topicMessage(publication, head, style),
  );
  return message.frame(head, style.alwaysBinary);
}

function topicMessage(publication: Publication, head: string, style: FormStyle): Message {
  const parts = {
    // The publisher's own spelling, byte for byte; WAMP publishers have none.
    destination: publication.spelling ?? topicDestination(publication.topic, style.separator),
    own: identityHeaders(publication.publisher),
    user: publication.headers,
    payload: publication.payload,
  };
  return encodeMessage(head, parts, style.version, style.headerDropped);
}
