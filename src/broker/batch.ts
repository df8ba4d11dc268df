import type { AdmittedPublish } from './publication.js';
import type { EnqueueCommand, Settlement } from './queues/consumer.js';

/** One item of a transaction. */
export type BatchItem =
  | { readonly kind: 'publish'; readonly command: AdmittedPublish }
  | { readonly kind: 'enqueue'; readonly command: EnqueueCommand }
  | { readonly kind: 'settle'; readonly settlement: Settlement };

/** What is done together, in order: all of it, in one run, or nothing. */
export type Batch = readonly BatchItem[];
