import type { Form, Publication } from '../../broker/index.js';
import type { Frame } from '../subprotocol.js';
import type { Conversation } from './conversation.js';
import { identityHeaders } from './header-hygiene.js';
import type { ReplyAddress } from './reply-addresses.js';

/** How events are written that only one client gets in this way; what can be shared of them is. */
export class OwnForm implements Form {
  readonly ordinal = 0;

  /** @param encode the whole frame of one delivery. */
  constructor(readonly encode: (publication: Publication) => Frame) {}
}

/** For a reply address: the client sees the name that it gave, not the unguessable one. */
export function replyForm(conversation: Conversation, address: ReplyAddress): OwnForm {
  return new OwnForm((publication) =>
    conversation.ownFrame(conversation.acks.issue(publication.id, address.pile), {
      destination: address.name,
      own: identityHeaders(publication.publisher),
      user: publication.headers,
      payload: publication.payload,
    }),
  );
}
