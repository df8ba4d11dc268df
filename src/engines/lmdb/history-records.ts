import type { Publication } from '../../broker/index.js';
import { ByteSink, ByteSource } from './bytes.js';
import { numberKey, placeKey } from './keys.js';
import { sizeOf } from './message-record.js';
import { readHead, readPublication, writePublication } from './publication-record.js';
import type { PublicationHead } from './publication-record.js';
import { SEAL_BYTES, seal } from './seal.js';
import { weightOf } from './weight.js';

/** What is known of one entry of a history without reading its publication. */
export interface HistoryEntry {
  readonly number: number;
  readonly publication: number;
  /** Bytes of payload and headers. */
  readonly size: number;
  /** Bytes of all that its publisher chose the length of. */
  readonly weight: number;
  /** In ms since the Unix epoch. */
  readonly publishedAt: number;
  /** In ms since the Unix epoch; infinite if it never expires. */
  readonly expiresAt: number;
}

/** The history of one topic without its entries. */
export interface TopicHistory {
  /** Given once, never again. */
  readonly id: number;
  readonly topic: string;
  entries: number;
  /** Bytes of payloads and headers. */
  bytes: number;
  weight: number;
  /** The number of the newest entry that was dropped for want of room; 0 if none was. */
  droppedTo: number;
  /** The number of its newest entry. */
  lastNumber: number;
}

const sink = new ByteSink();

function blankSeal(): void {
  sink.u32(0);
  sink.u8(0);
}

/** The entry of a publication. */
export function entryOf(publication: Publication, number: number): HistoryEntry {
  return {
    number,
    publication: publication.id,
    size: sizeOf(publication),
    weight: weightOf(publication),
    publishedAt: publication.publishedAt,
    expiresAt: publication.expiresAt ?? Number.POSITIVE_INFINITY,
  };
}

/** The sealed record of an entry, under topic and number. */
export function encodeEntry(key: Uint8Array, entry: HistoryEntry): Buffer {
  blankSeal();
  sink.f64(entry.publication);
  sink.f64(entry.size);
  sink.f64(entry.weight);
  sink.f64(entry.publishedAt);
  sink.f64(entry.expiresAt);
  return seal('history-entries', key, sink.take());
}

/** What {@link encodeEntry} wrote. */
export function decodeEntry(number: number, record: Uint8Array): HistoryEntry {
  const source = new ByteSource(record, SEAL_BYTES);
  const publication = source.f64();
  const size = source.f64();
  const weight = source.f64();
  const publishedAt = source.f64();
  return { number, publication, size, weight, publishedAt, expiresAt: source.f64() };
}

/** The sealed record of an event, under realm and number. */
export function encodeEvent(key: Uint8Array, publication: Publication): Buffer {
  blankSeal();
  writePublication(sink, publication);
  return seal('history', key, sink.take());
}

/** What {@link encodeEvent} wrote. */
export function decodeEvent(record: Uint8Array): Publication {
  return readPublication(new ByteSource(record, SEAL_BYTES));
}

/** The first part of what {@link encodeEvent} wrote. */
export function decodeHead(record: Uint8Array): PublicationHead {
  return readHead(new ByteSource(record, SEAL_BYTES));
}

/** The sealed record of a topic's history. */
export function encodeTopic(realmId: number, history: TopicHistory): Buffer {
  blankSeal();
  sink.u32(realmId);
  sink.text(history.topic);
  for (const number of [
    history.entries,
    history.bytes,
    history.weight,
    history.droppedTo,
    history.lastNumber,
  ])
    sink.f64(number);
  return seal('history-topics', numberKey(history.id), sink.take());
}

/** What {@link encodeTopic} wrote. */
export function decodeTopic(
  id: number,
  record: Uint8Array,
): { readonly realmId: number; readonly history: TopicHistory } {
  const source = new ByteSource(record, SEAL_BYTES);
  const realmId = source.u32();
  const topic = source.text();
  const [entries, bytes, weight] = [source.f64(), source.f64(), source.f64()];
  const [droppedTo, lastNumber] = [source.f64(), source.f64()];
  return { realmId, history: { id, topic, entries, bytes, weight, droppedTo, lastNumber } };
}

/** The sealed record of where a publication stands, under realm and publication. */
export function encodePlace(key: Uint8Array, number: number): Buffer {
  blankSeal();
  sink.f64(number);
  return seal('history-ids', key, sink.take());
}

/** What {@link encodePlace} wrote. */
export function decodePlace(record: Uint8Array): number {
  return new ByteSource(record, SEAL_BYTES).f64();
}

/** The key under which `meta` has the number of the newest entry of a realm's forgotten topics. */
export function forgottenKey(realmId: number): Buffer {
  return Buffer.concat([Buffer.from('forgotten'), numberKey(realmId)]);
}

/** The sealed record under {@link forgottenKey}. */
export function encodeForgotten(realmId: number, forgottenTo: number): Buffer {
  blankSeal();
  sink.f64(forgottenTo);
  return seal('meta', forgottenKey(realmId), sink.take());
}

/** What {@link encodeForgotten} wrote. */
export function decodeForgotten(record: Uint8Array): number {
  return new ByteSource(record, SEAL_BYTES).f64();
}

/** The key of an event in a realm. */
export const eventKey = placeKey;
