import { assertNever } from '../../../lib/index.js';
import type { Conversation } from '../conversation.js';

/** GOODBYE: the client leaves, or answers ours [WAMP BP Session Closing]. Any reason is accepted. */
export function goodbye(conversation: Conversation): undefined {
  const { state } = conversation;
  switch (state.name) {
    case 'live':
      conversation.leave(state.session);
      return undefined;
    case 'closing':
      conversation.leave(state.session);
      conversation.hangUp('going_away', 'The server is shutting down.');
      return undefined;
    case 'leaving':
      conversation.hangUp(state.end.kind, state.end.text);
      return undefined;
    case 'left':
    case 'over':
      return undefined;
    case 'fresh':
    case 'deciding':
    case 'challenged':
      return conversation.violate('GOODBYE without a session.');
    default:
      return assertNever(state);
  }
}
