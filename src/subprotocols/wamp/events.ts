import type { Form, Interest, Publication } from '../../broker/index.js';
import type { Frame } from '../subprotocol.js';
import type { Offered } from './announcements.js';
import type { Details } from './codec/index.js';
import { NO_DETAILS, UNSPEAKABLE, annotated, cargoOf, identified, packed } from './details.js';
import type { Format } from './output.js';
import { frameOf } from './output.js';

/** How events of one interest are written: all its subscribers of one format share one frame per publication. */
export interface EventForm extends Form {
  readonly format: Format;
  readonly interest: Interest;
  /** Whether the publisher is shown, if it may be. */
  readonly identifies: boolean;
  /** Whether it is told how much the publisher is trusted. */
  readonly ranks: boolean;
  /** Whether what is packed in the words of the older draft stands in place of the arguments. */
  readonly bares: boolean;
}

/** The form of an interest's events in a format. */
export function eventFormOf(interest: Interest, format: Format, offered: Offered, bares: boolean): EventForm {
  const { publisher_identification: identifies, publication_trustlevels: ranks } = offered;
  const isUsual = identifies && ranks && !bares;
  const name = isUsual ? format.name : `${format.name} ${identifies} ${ranks} ${bares}`;
  return interest.form(name, (ordinal) => ({ ordinal, format, interest, identifies, ranks, bares }));
}

/**
 * Encodes EVENT [WAMP BP Publish and Subscribe]. Details are built per interest: `topic` on pattern subscriptions,
 * `retained` on what a topic kept [WAMP AP Event Retention], the publisher if it may be known.
 */
export function encodeEvent(publication: Publication, form: EventForm): Frame {
  const { format, interest } = form;
  const cargo = cargoOf(publication, format.serializer, form.bares) ?? UNSPEAKABLE;
  let about: Details = interest.pattern.match === 'exact' ? NO_DETAILS : { topic: publication.topic };
  if (publication.retained) about = { ...about, retained: true };
  const { trustlevel } = publication;
  if (trustlevel !== undefined && form.ranks) about = { ...about, trustlevel };
  about = packed(about, publication.passthru);
  const details = identified(about, 'publisher', form.identifies ? publication.publisher : undefined);
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
