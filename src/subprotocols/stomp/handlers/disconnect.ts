import type { Admission } from '../../inbox.js';
import type { StompFrame } from '../codec/index.js';
import type { Conversation } from '../conversation.js';

/**
 * DISCONNECT [STOMP 1.2 §DISCONNECT]: what follows is discarded. With a receipt, everything before it is confirmed first, then the
 * receipt is sent, and the client has time to close.
 */
export function disconnect(conversation: Conversation, frame: StompFrame): Admission {
  conversation.state = 'leaving';
  const receipt = frame.headers.get('receipt');
  conversation.confirmed(() => {
    conversation.receipt(receipt);
    conversation.linger();
  });
  return undefined;
}
