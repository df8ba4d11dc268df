import type { Admission } from '../../inbox.js';
import type { Details } from '../codec/index.js';
import type { Conversation } from '../conversation.js';
import { decide } from './hello.js';

/** AUTHENTICATE: the answer to our CHALLENGE; good for one answer [WAMP AP Authentication]. */
export function authenticate(conversation: Conversation, signature: string, extra: Details): Admission {
  const { state } = conversation;
  if (state.name !== 'challenged') return conversation.violate('AUTHENTICATE without CHALLENGE.');
  return decide(conversation, state.login, () => state.challenge.answer(signature, extra));
}
