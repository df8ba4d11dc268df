import type { Publication } from '../publication.js';

/** What a name stands for; undefined is NULL. */
export type Value = string | number | boolean | undefined;

/**
 * How a name is read of a publication. The JMS names are what STOMP clients of JMS brokers know them as: `JMSType` is the
 * header `type`, and so on. Any other name is the user header of that name, a string.
 */
export function propertyOf(name: string): (publication: Publication) => Value {
  return SPECIAL.get(name) ?? header(name);
}

function header(name: string): (publication: Publication) => Value {
  return ({ headers }) => headers?.get(name);
}

const destination = (publication: Publication): Value => publication.spelling ?? publication.topic;

const SPECIAL: ReadonlyMap<string, (publication: Publication) => Value> = new Map([
  ['JMSPriority', ({ headers }: Publication): Value => priorityOf(headers?.get('priority'))],
  ['JMSTimestamp', ({ publishedAt }: Publication): Value => publishedAt],
  ['JMSMessageID', ({ id }: Publication): Value => String(id)],
  ['JMSCorrelationID', header('correlation-id')],
  ['JMSType', header('type')],
  ['JMSReplyTo', header('reply-to')],
  ['JMSDeliveryMode', ({ headers }: Publication): Value => deliveryModeOf(headers?.get('persistent'))],
  ['JMSDestination', destination],
  ['destination', destination],
  ['JMSExpiration', ({ expiresAt }: Publication): Value => expiresAt ?? 0],
  ['JMSXUserID', ({ publisher }: Publication): Value => publisher?.authid],
  ['content-type', ({ payload }: Publication): Value => payload.body().contentType],
]);

function priorityOf(written: string | undefined): number {
  return written !== undefined && written.length === 1 && written >= '0' && written <= '9'
    ? Number(written)
    : 4;
}

function deliveryModeOf(persistent: string | undefined): string {
  return persistent === 'false' ? 'NON_PERSISTENT' : 'PERSISTENT';
}
