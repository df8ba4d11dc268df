import { cbor } from './cbor.js';
import { json } from './json.js';
import { msgpack } from './msgpack.js';
import type { Serializer, SerializerName } from './serializer.js';

export { cbor, json, msgpack };
export { SerializerError } from './serializer.js';
export type {
  ScanLimits,
  Serializer,
  SerializerErrorCode,
  SerializerName,
  WireMap,
  WireValue,
} from './serializer.js';

/** Every serializer by its name. */
export const serializers = { json, msgpack, cbor } as const satisfies Record<SerializerName, Serializer>;
