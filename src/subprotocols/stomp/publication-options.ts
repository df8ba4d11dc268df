import type { PublishCommand } from '../../broker/index.js';
import { AUDIENCE_HEADERS, audienceOf } from './audience-headers.js';
import type { FrameHeaders } from './codec/index.js';
import { HeaderValues } from './header-values.js';
import { PRODUCER_HEADERS, refuseProducer } from './producer-headers.js';

/** What the headers of a SEND to a topic say about the publication. */
export type PublicationOptions = Pick<PublishCommand, 'excludePublisher' | 'retain' | 'audience'>;

/** The headers that say who may have a message, or that it may be sent again: ours alone, never passed on. */
export const PUBLICATION_HEADERS: ReadonlySet<string> = new Set([
  'exclude-me',
  'retain',
  ...AUDIENCE_HEADERS,
  ...PRODUCER_HEADERS,
]);

/** Reads them; most SENDs have none. Undefined, and the fault told by `refuse`, if a value is wrong. */
export function publicationOptionsOf(
  headers: FrameHeaders,
  refuse: (values: HeaderValues) => boolean,
): PublicationOptions | undefined {
  if (!headers.hasAny(PUBLICATION_HEADERS)) return NOTHING;
  const values = new HeaderValues(headers);
  const options = {
    // STOMP publishers hear themselves, unless they say otherwise.
    excludePublisher: values.truth('exclude-me') === true,
    retain: values.truth('retain') === true,
    audience: audienceOf(values),
  };
  refuseProducer(values);
  return refuse(values) ? undefined : options;
}

const NOTHING: PublicationOptions = {};
