import type { Refusal } from './errors.js';
import type { Headers, Payload } from './payload.js';
import type { Consumer } from './queues/consumer.js';
import type { Passthru } from './passthru.js';
import type { Registration } from './calls/registrations.js';
import type { Subscription } from './subscriptions.js';

/** The final (or, for `progress`, a preliminary) outcome of one command. */
export type Outcome =
  | { readonly kind: 'published'; readonly publication: number }
  | { readonly kind: 'enqueued'; readonly publication: number }
  | { readonly kind: 'committed' }
  | {
      readonly kind: 'subscribed';
      readonly subscription: Subscription;
      /** The attachment held this very subscription before; nothing changed. */
      readonly already: boolean;
      /**
       * Whether everything since the publication that the subscriber named is replayed; undefined if it asked for no
       * history. False: there may be a gap, and only what is still kept is replayed.
       */
      readonly recovered?: boolean | undefined;
    }
  | { readonly kind: 'consuming'; readonly consumer: Consumer }
  | { readonly kind: 'released' }
  | { readonly kind: 'settled' }
  | { readonly kind: 'unsubscribed' }
  | { readonly kind: 'registered'; readonly registration: Registration }
  | { readonly kind: 'unregistered' }
  | {
      readonly kind: 'progress';
      readonly payload: Payload;
      readonly headers: Headers | undefined;
      readonly passthru?: Passthru | undefined;
    }
  | {
      readonly kind: 'result';
      readonly payload: Payload;
      readonly headers: Headers | undefined;
      readonly passthru?: Passthru | undefined;
    }
  | {
      /** The callee answered with an error of its own, passed through unchanged. */
      readonly kind: 'failed';
      readonly error: string;
      readonly payload: Payload;
      readonly headers: Headers | undefined;
      readonly passthru?: Passthru | undefined;
    }
  | ({ readonly kind: 'refused' } & Refusal);
