import type { Admission } from '../../inbox.js';
import type { StompFrame } from '../codec/index.js';
import type { Conversation } from '../conversation.js';

/**
 * DISCONNECT [STOMP 1.2 §DISCONNECT]: what follows is discarded. With a receipt, everything before it is confirmed first, then the
 * receipt is sent, and the client has time to close.
 */
export function disconnect(conversation: Conversation, frame: StompFrame): Admission {
  conversation.state = 'leaving';
  const { attachment, consumptions, ours } = conversation;
  // While we wait, nothing more is handed to a client that listens no more: what acknowledges itself would be lost.
  for (const consumer of consumptions.active) attachment.release(ours, consumer);
  const receipt = frame.headers.get('receipt');
  conversation.confirmed(() => {
    conversation.receipt(receipt);
    conversation.linger();
  });
  return undefined;
}
