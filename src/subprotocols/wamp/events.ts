import type { Form, Interest, Publication } from '../../broker/index.js';
import type { Frame } from '../subprotocol.js';
import type { Details } from './codec/index.js';
import { NO_DETAILS, UNSPEAKABLE, annotated, argumentsFor, identified } from './details.js';
import type { Format } from './output.js';
import { frameOf } from './output.js';

/** How events of one interest are written: all its subscribers of one format share one frame per publication. */
export interface EventForm extends Form {
  readonly format: Format;
  readonly interest: Interest;
}

/** The form of an interest's events in a format. */
export function eventFormOf(interest: Interest, format: Format): EventForm {
  return interest.form(format.name, (ordinal) => ({ ordinal, format, interest }));
}

/**
 * Encodes EVENT [WAMP BP Publish and Subscribe]. Details are built per interest: `topic` on pattern subscriptions,
 * `retained` on what a topic kept [WAMP AP Event Retention], the publisher if it may be known.
 */
export function encodeEvent(publication: Publication, { format, interest }: EventForm): Frame {
  const cargo = argumentsFor(publication.payload, format.serializer.name) ?? UNSPEAKABLE;
  let about: Details = interest.pattern.match === 'exact' ? NO_DETAILS : { topic: publication.topic };
  if (publication.retained) about = { ...about, retained: true };
  const details = identified(about, 'publisher', publication.publisher);
  return frameOf(
    {
      name: 'event',
      subscription: interest.id,
      publication: publication.id,
      details: annotated(details, cargo, publication.headers),
      cargo,
    },
    format,
  );
}
