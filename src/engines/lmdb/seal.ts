import { crc32 } from 'node:zlib';

/** How a record is sealed: the byte after its checksum. */
const SEALED_WITH_CRC32 = 1;

/** Bytes before a record's own: the checksum, and how it was sealed. */
export const SEAL_BYTES = 5;

/**
 * The tables and the number that each gives to the checksum, so that a record which turns up in a wrong table is noticed. The
 * numbers are part of the format.
 */
export const TABLES = {
  meta: 1,
  realms: 2,
  queues: 3,
  counters: 4,
  messages: 5,
  returns: 6,
  due: 7,
  graves: 8,
  retained: 9,
  'retained-topics': 10,
  history: 11,
  'history-topics': 12,
  'history-entries': 13,
  'history-ids': 14,
  /** Damaged records, moved aside as they were found; the only ones without a checksum. */
  quarantine: 15,
} as const;

/** The name of a table. */
export type TableName = keyof typeof TABLES;

/** Fills in the first {@link SEAL_BYTES} bytes of a record: CRC32 over table, key and all that follows it. */
export function seal(table: TableName, key: Uint8Array, record: Buffer): Buffer {
  record[4] = SEALED_WITH_CRC32;
  record.writeUInt32LE(checksum(table, key, record), 0);
  return record;
}

/** Whether a record is as it was written. */
export function isSound(table: TableName, key: Uint8Array, record: Uint8Array): boolean {
  if (record.length < SEAL_BYTES || record[4] !== SEALED_WITH_CRC32) return false;
  const [a = 0, b = 0, c = 0, d = 0] = record;
  return checksum(table, key, record) === (a | (b << 8) | (c << 16) | (d << 24)) >>> 0;
}

function checksum(table: TableName, key: Uint8Array, record: Uint8Array): number {
  return crc32(record.subarray(4), crc32(key, TABLES[table]));
}
