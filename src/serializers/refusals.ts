import { SerializerError } from './serializer.js';

/** Input ends before the item does, or a declared length says that it must. */
export function truncated(at: number): SerializerError {
  return new SerializerError('malformed', at, 'item not complete');
}

/** Something stands behind the one item. */
export function trailingBytes(at: number): SerializerError {
  return new SerializerError('trailing_bytes', at, 'bytes after the item');
}

/** Text is not UTF-8, or is the escape of a lone surrogate. */
export function invalidUtf8(at: number): SerializerError {
  return new SerializerError('invalid_utf8', at, 'invalid UTF-8');
}

/** A container begins below the deepest level allowed. */
export function tooDeep(at: number): SerializerError {
  return new SerializerError('too_deep', at, 'nested too deeply');
}

/** One value too many begins. */
export function tooManyItems(at: number): SerializerError {
  return new SerializerError('too_many_items', at, 'too many values');
}

/** A string or byte string is longer than allowed. */
export function stringTooLong(at: number): SerializerError {
  return new SerializerError('string_too_long', at, 'string too long');
}

/** Valid, but nothing that the other serializers could say too. */
export function unsupported(at: number, what: string): SerializerError {
  return new SerializerError('unsupported', at, `unsupported: ${what}`);
}
