/** Keys are bytes whose order is the order wanted: big-endian numbers, one after the other. */

const HIGH = 2 ** 32;

/** The key of what bears a number: a realm, a queue, a topic. */
export function numberKey(id: number): Buffer {
  const key = Buffer.allocUnsafe(4);
  key.writeUInt32BE(id, 0);
  return key;
}

/** The number of a {@link numberKey}. */
export function numberOf(key: Uint8Array): number {
  return Buffer.from(key.buffer, key.byteOffset, key.length).readUInt32BE(0);
}

/** Owner and place: a message in its queue, an entry in its topic's history. Places are below 2^56. */
export function placeKey(owner: number, place: number): Buffer {
  const key = Buffer.allocUnsafe(11);
  key.writeUInt32BE(owner, 0);
  writePlace(key, place, 4);
  return key;
}

/** The parts of a {@link placeKey}. */
export function placeOf(key: Uint8Array): { readonly owner: number; readonly place: number } {
  const bytes = Buffer.from(key.buffer, key.byteOffset, key.length);
  return { owner: bytes.readUInt32BE(0), place: readPlace(bytes, 4) };
}

/** A place alone. */
export function orderKey(place: number): Buffer {
  const key = Buffer.allocUnsafe(7);
  writePlace(key, place, 0);
  return key;
}

/** The place of an {@link orderKey}. */
export function orderOf(key: Uint8Array): number {
  return readPlace(Buffer.from(key.buffer, key.byteOffset, key.length), 0);
}

/** When a message is due: realm, ms since the Unix epoch, queue, position. */
export function dueKey(realm: number, at: number, queue: number, position: number): Buffer {
  const key = Buffer.allocUnsafe(22);
  key.writeUInt32BE(realm, 0);
  writePlace(key, Math.min(Math.max(0, Math.ceil(at)), LATEST), 4);
  key.writeUInt32BE(queue, 11);
  writePlace(key, position, 15);
  return key;
}

/** The parts of a {@link dueKey}. */
export function dueOf(key: Uint8Array): {
  readonly at: number;
  readonly queue: number;
  readonly position: number;
} {
  const bytes = Buffer.from(key.buffer, key.byteOffset, key.length);
  return { at: readPlace(bytes, 4), queue: bytes.readUInt32BE(11), position: readPlace(bytes, 15) };
}

/** No time is later, in ms since the Unix epoch. */
const LATEST = Number.MAX_SAFE_INTEGER;

function writePlace(key: Buffer, place: number, at: number): void {
  key.writeUIntBE(Math.floor(place / HIGH), at, 3);
  key.writeUInt32BE(place % HIGH, at + 3);
}

function readPlace(key: Buffer, at: number): number {
  return key.readUIntBE(at, 3) * HIGH + key.readUInt32BE(at + 3);
}
