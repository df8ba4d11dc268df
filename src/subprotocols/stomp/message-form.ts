import type { Form, Publication } from '../../broker/index.js';
import { decimal } from '../../lib/index.js';
import type { Frame } from '../subprotocol.js';
import type { StompVersion } from './codec/index.js';
import { headerLine } from './codec/index.js';
import { spelled, topicDestination } from './destinations.js';
import type { Message, OwnHeader } from './header-hygiene.js';
import { encodeMessage, identityHeaders } from './header-hygiene.js';
import type { AcceptedType } from './negotiated-body.js';
import { ACCEPTED_TYPES, payloadFor } from './negotiated-body.js';
import { shownToUser } from './user-destinations.js';

/** What forms of one version have in common. */
export interface FormStyle {
  readonly version: StompVersion;
  readonly separator: '.' | '/';
  /** The client began with a binary message and gets nothing but binary ones. */
  readonly alwaysBinary: boolean;
  /** Counts a header that this version cannot say. */
  readonly headerDropped: () => void;
  /** What bodies are converted to; undefined if they are delivered as they were sent. */
  readonly accept?: AcceptedType | undefined;
}

/** The same style for a subscription that accepts one type of body only. */
export function accepting(style: FormStyle, accept: AcceptedType): FormStyle {
  const { version, separator, alwaysBinary, headerDropped } = style;
  return { version, separator, alwaysBinary, headerDropped, accept };
}

/** Keys under which a MESSAGE is kept whose tail others may share, one for each version and separator. */
const MESSAGE_KEYS: Readonly<Record<string, Readonly<Record<StompVersion, Form>>>> = {
  '.': { '1.0': { ordinal: -1 }, '1.1': { ordinal: -2 }, '1.2': { ordinal: -3 } },
  '/': { '1.0': { ordinal: -4 }, '1.1': { ordinal: -5 }, '1.2': { ordinal: -6 } },
};

/** The same for subscriptions that accept one type of body only: type → key for each version and separator. */
const NEGOTIATED_KEYS = new Map(
  ACCEPTED_TYPES.map((type, index): [AcceptedType, typeof MESSAGE_KEYS] => {
    const key = (place: number): Form => ({ ordinal: -200 - 6 * index - place });
    return [
      type,
      {
        '.': { '1.0': key(0), '1.1': key(1), '1.2': key(2) },
        '/': { '1.0': key(3), '1.1': key(4), '1.2': key(5) },
      },
    ];
  }),
);

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
  static nameOf(subscriptionId: string | undefined, style: FormStyle): string {
    const { version, separator, alwaysBinary, accept = '*/*' } = style;
    const kind = subscriptionId === undefined ? 'unnamed' : `id ${subscriptionId}`;
    return `stomp ${version} ${separator} ${alwaysBinary ? 'binary' : 'auto'} ${accept} ${kind}`;
  }

  /** The MESSAGE for a publication; `message-id` names the publication and this form. */
  encode(publication: Publication): Frame {
    return topicFrame(publication, this.headOf(publication), this.style);
  }

  /** The part of that MESSAGE that is this form's own. */
  headOf(publication: Publication): string {
    return `${this.#head}${decimal(publication.id)}-${this.ordinal}\n`;
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
  const { accept } = style;
  const keys = accept === undefined ? MESSAGE_KEYS : NEGOTIATED_KEYS.get(accept)!;
  const message = publication.encodeOnce(keys[style.separator]![style.version], () =>
    topicMessage(publication, head, style),
  );
  return message.frame(head, style.alwaysBinary);
}

/** The publisher's own spelling, byte for byte; WAMP publishers have none. A user's own topic is shown as such to all. */
export function topicDestinationOf(publication: Publication, { separator }: FormStyle): string {
  const own = shownToUser(publication, (words) => spelled(words, separator));
  return own ?? publication.spelling ?? topicDestination(publication.topic, separator);
}

/** What a new subscriber is told of a topic's past [WAMP AP Event Retention]. */
const RETAINED: OwnHeader = ['retained:', 'true'];

function topicMessage(publication: Publication, head: string, style: FormStyle): Message {
  const identity = identityHeaders(publication.publisher);
  const parts = {
    destination: topicDestinationOf(publication, style),
    own: publication.retained ? [...identity, RETAINED] : identity,
    user: publication.headers,
    payload: payloadFor(publication, style.accept),
  };
  return encodeMessage(head, parts, style.version, style.headerDropped);
}
