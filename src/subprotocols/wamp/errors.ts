import type { Refusal } from '../../broker/index.js';
import type { CloseKind } from '../subprotocol.js';

/** Its receiver's serializer cannot say the payload. */
export const NOT_REPRESENTABLE = {
  code: 'payload_not_representable',
  reason: 'The payload cannot be written in the serializer of its receiver.',
} as const satisfies Refusal;

/** Its receiver's transport takes no message of this length [WAMP AP RawSocket Transport]. */
export const TOO_LONG = {
  code: 'payload_too_long',
  reason: 'The payload is longer than its receiver takes.',
} as const satisfies Refusal;

/** How the link is closed when the broker puts a session out. */
export function closeKindOf({ code }: Refusal): CloseKind {
  switch (code) {
    case 'limit_exceeded':
    case 'unavailable':
      return 'overloaded';
    case 'internal':
      return 'internal';
    default:
      return 'policy';
  }
}
