import type { Dialect, Role } from './dialect.js';

/** No protocol: a payload is a message, and the path says what a client is there for. */
export const plain: Dialect = {
  subprotocol: undefined,
  path(role: Role): string {
    switch (role.kind) {
      case 'publisher':
      case 'subscriber':
        return `/${role.kind}/${role.topic}`;
      case 'caller':
        return `/caller/${role.tag}`;
      case 'callee':
        return '/callee';
      case 'sender':
      case 'worker':
        throw new Error('plain servers have no queues');
    }
  },
  // The path said it all, and the server acts on it before it sends the 101.
  begin: () => Promise.resolve(),
  publication: (_topic, _sequence, payload) => payload,
  deliverySignature: '',
  delivered: (message) => message,
  call: (_sequence, payload) => payload,
  answer: (invocation) => invocation.toString('latin1'),
  resultSignature: '',
  returned: (message) => message,
};
