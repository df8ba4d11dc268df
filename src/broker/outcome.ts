import type { Refusal } from './errors.js';
import type { Headers, Payload } from './payload.js';
import type { Registration } from './registrations.js';
import type { Subscription } from './subscriptions.js';

/** The final (or, for `progress`, a preliminary) outcome of one command. */
export type Outcome =
  | { readonly kind: 'published'; readonly publication: number }
  | { readonly kind: 'committed' }
  | {
      readonly kind: 'subscribed';
      readonly subscription: Subscription;
      /** The attachment held this very subscription before; nothing changed. */
      readonly already: boolean;
    }
  | { readonly kind: 'unsubscribed' }
  | { readonly kind: 'registered'; readonly registration: Registration }
  | { readonly kind: 'unregistered' }
  | { readonly kind: 'progress'; readonly payload: Payload; readonly headers: Headers | undefined }
  | { readonly kind: 'result'; readonly payload: Payload; readonly headers: Headers | undefined }
  | {
      /** The callee answered with an error of its own, passed through unchanged. */
      readonly kind: 'failed';
      readonly error: string;
      readonly payload: Payload;
      readonly headers: Headers | undefined;
    }
  | ({ readonly kind: 'refused' } & Refusal);
