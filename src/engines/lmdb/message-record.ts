import type { Death, DeathReason, Publication, QueueMessage } from '../../broker/index.js';
import { ByteSink, ByteSource } from './bytes.js';
import { readPublication, writePublication } from './publication-record.js';
import { SEAL_BYTES, seal } from './seal.js';

/** What is asked of a message's record without reading all of it. */
export interface MessageHead {
  /** See `put` of the store; undefined if the message is never due. */
  readonly dueAt: number | undefined;
  /** Bytes of payload and headers. */
  readonly size: number;
}

/** Where the parts of a head stand; part of the format. */
const DUE_AT = SEAL_BYTES;
const SIZE_AT = DUE_AT + 8;
const BODY_AT = SIZE_AT + 8;

const REDELIVERED = 1;
const DIED = 2;
const DIED_BEFORE = 4;

/** Part of the format. */
const DEATH_CODES = { rejected: 1, 'delivery-limit': 2, expired: 3, maxlen: 4 } as const satisfies Record<
  DeathReason,
  number
>;

const sink = new ByteSink();

/** Bytes of payload and headers, as limits count them. */
export function sizeOf(publication: Publication): number {
  return publication.size;
}

/** The sealed record of a message. */
export function encodeMessage(key: Uint8Array, message: QueueMessage, dueAt: number | undefined): Buffer {
  const { death } = message;
  blankSeal();
  sink.f64(dueAt ?? Number.NaN);
  sink.f64(sizeOf(message.publication));
  sink.u8(
    (message.redelivered ? REDELIVERED : 0) |
      (death === undefined ? 0 : DIED) |
      (death?.first === undefined ? 0 : DIED_BEFORE),
  );
  sink.u32(message.deliveries);
  if (death !== undefined) writeDeath(death);
  writePublication(sink, message.publication);
  return seal('messages', key, sink.take());
}

/** The head of a sound record. */
export function messageHead(record: Uint8Array): MessageHead {
  const source = new ByteSource(record, DUE_AT);
  const dueAt = source.f64();
  return { dueAt: Number.isNaN(dueAt) ? undefined : dueAt, size: source.f64() };
}

/** The message of a sound record. */
export function decodeMessage(record: Uint8Array): QueueMessage {
  const source = new ByteSource(record, BODY_AT);
  const flags = source.u8();
  const deliveries = source.u32();
  const death = (flags & DIED) === 0 ? undefined : readDeath(source, (flags & DIED_BEFORE) !== 0);
  return {
    publication: readPublication(source),
    deliveries,
    redelivered: (flags & REDELIVERED) !== 0,
    death,
  };
}

/** The same message at another place, due at another time; sealed for its new key. */
export function movedMessage(key: Uint8Array, record: Uint8Array, dueAt: number | undefined): Buffer {
  const moved = Buffer.from(record);
  moved.writeDoubleLE(dueAt ?? Number.NaN, DUE_AT);
  return seal('messages', key, moved);
}

/** The sealed record of what changed when a message came back: how often it was delivered. */
export function encodeReturn(key: Uint8Array, deliveries: number): Buffer {
  blankSeal();
  sink.u32(deliveries);
  return seal('returns', key, sink.take());
}

/** How often a message was delivered, from the sound record of its return. */
export function decodeReturn(record: Uint8Array): number {
  return new ByteSource(record, SEAL_BYTES).u32();
}

function blankSeal(): void {
  sink.u32(0);
  sink.u8(0);
}

function writeDeath({ reason, queue, deliveries, at, first }: Death): void {
  sink.u8(DEATH_CODES[reason]);
  sink.text(queue);
  sink.u32(deliveries);
  sink.f64(at);
  if (first === undefined) return;
  sink.u8(DEATH_CODES[first.reason]);
  sink.text(first.queue);
}

function readDeath(source: ByteSource, before: boolean): Death {
  const reason = reasonOf(source.u8());
  const queue = source.text();
  const deliveries = source.u32();
  const at = source.f64();
  const first = before ? { reason: reasonOf(source.u8()), queue: source.text() } : undefined;
  return { reason, queue, deliveries, at, first };
}

function reasonOf(code: number): DeathReason {
  const reasons = Object.keys(DEATH_CODES) as DeathReason[];
  const reason = reasons.find((name) => DEATH_CODES[name] === code);
  if (reason === undefined) throw new RangeError(`The record has an unknown code ${code}.`);
  return reason;
}
