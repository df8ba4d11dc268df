import type { Producer } from '../../broker/index.js';
import type { HeaderValues } from './header-values.js';

/** The headers that number a message of a queue: ours alone, never passed on. */
export const PRODUCER_HEADERS: ReadonlySet<string> = new Set(['producer-id', 'producer-sequence']);

/** The longest `producer-id`, in UTF-8 bytes. */
const LONGEST_ID = 255;

/**
 * The number that a SEND to a queue gives its message, so that it may be sent again and is stored once. Both headers or none;
 * wrong values are told by `values`.
 */
export function producerOf(values: HeaderValues): Producer | undefined {
  const id = values.text('producer-id');
  const sequence = values.number({ min: 0, max: Number.MAX_SAFE_INTEGER }, 'producer-sequence');
  if (id === undefined) {
    if (values.text('producer-sequence') !== undefined)
      values.refuse('producer-sequence', 'needs a producer-id');
    return undefined;
  }
  const length = Buffer.byteLength(id);
  if (length < 1 || length > LONGEST_ID) values.refuse('producer-id', `has 1 to ${LONGEST_ID} bytes`);
  if (sequence !== undefined) return { id, sequence };
  values.refuse('producer-id', 'needs a producer-sequence');
  return undefined;
}

/** Refuses them where nothing is stored: nobody shall believe that a message is there once. */
export function refuseProducer(values: HeaderValues): void {
  for (const name of PRODUCER_HEADERS)
    if (values.text(name) !== undefined) values.refuse(name, 'is for queues only');
}
