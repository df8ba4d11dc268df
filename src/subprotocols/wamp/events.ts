import type { Form, Interest, Publication } from '../../broker/index.js';
import type { Frame } from '../subprotocol.js';
import type { Details } from './codec/index.js';
import { NO_DETAILS, annotated, argumentsFor, identified } from './details.js';
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
 * Encodes EVENT [WAMP BP Publish and Subscribe]. Details are built per interest: `topic` on pattern subscriptions, the
 * publisher if it may be known.
 */
export function encodeEvent(publication: Publication, { format, interest }: EventForm): Frame {
  const cargo = argumentsFor(publication.payload, format.serializer.name) ?? UNSPEAKABLE;
  const topic: Details = interest.pattern.match === 'exact' ? NO_DETAILS : { topic: publication.topic };
  const details = identified(topic, 'publisher', publication.publisher);
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

/** What a receiver gets whose serializer cannot say the payload. */
const UNSPEAKABLE = {
  args: undefined,
  kwargs: undefined,
  contentType: undefined,
  fault: 'The payload cannot be written in this serializer.',
};
