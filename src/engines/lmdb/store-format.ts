import { ByteSink, ByteSource } from './bytes.js';
import { SEAL_BYTES, isSound, seal } from './seal.js';

/** The format of all records; a file with a higher one was written by a newer Mangrove. */
export const FORMAT = 1;

/** What a store says of itself; the layout of this record never changes. */
export interface StoreFormat {
  /** The format of all other records. */
  readonly version: number;
  /** Another one after each restore from a copy: who has seen more than it holds can notice. */
  readonly generation: string;
  /** When it was made, in ms since the Unix epoch. */
  readonly createdAt: number;
}

/** What the record of the format turned out to be. */
export type FormatReading =
  | { readonly kind: 'known'; readonly format: StoreFormat }
  | { readonly kind: 'newer'; readonly version: number }
  | { readonly kind: 'damaged' };

/** Where it stands in the table `meta`. */
export const FORMAT_KEY = Buffer.from('format');

const MAGIC = 'mangrove store';
const sink = new ByteSink();

/** The sealed record of a format. */
export function encodeFormat({ version, generation, createdAt }: StoreFormat): Buffer {
  sink.u32(0);
  sink.u8(0);
  sink.text(MAGIC);
  sink.u32(version);
  sink.text(generation);
  sink.f64(createdAt);
  return seal('meta', FORMAT_KEY, sink.take());
}

/** Reads the record of a format. */
export function readFormat(record: Uint8Array): FormatReading {
  if (!isSound('meta', FORMAT_KEY, record)) return { kind: 'damaged' };
  const source = new ByteSource(record, SEAL_BYTES);
  if (source.text() !== MAGIC) return { kind: 'damaged' };
  const version = source.u32();
  if (version > FORMAT) return { kind: 'newer', version };
  return { kind: 'known', format: { version, generation: source.text(), createdAt: source.f64() } };
}

/** A new generation: 16 hexadecimal digits. */
export function newGeneration(): string {
  const half = () =>
    Math.floor(Math.random() * 2 ** 32)
      .toString(16)
      .padStart(8, '0');
  return half() + half();
}
