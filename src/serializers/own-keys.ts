import { unsupported } from './refusals.js';

/** Built-in kinds whose content is not in their keys: encoded by keys they would silently become `{}`. */
const OPAQUE: ReadonlySet<string> = new Set([
  '[object ArrayBuffer]',
  '[object BigInt]',
  '[object Boolean]',
  '[object Date]',
  '[object Error]',
  '[object Map]',
  '[object Number]',
  '[object Promise]',
  '[object RegExp]',
  '[object Set]',
  '[object SharedArrayBuffer]',
  '[object String]',
  '[object Symbol]',
  '[object WeakMap]',
  '[object WeakSet]',
]);

/**
 * The keys by which an object is encoded: its own enumerable strings, whatever its class.
 *
 * @throws SerializerError `unsupported` for built-in objects whose content is not in their keys.
 */
export function ownKeys(value: object, offset: number): string[] {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== null && prototype !== Object.prototype) {
    const kind = Object.prototype.toString.call(value);
    if (OPAQUE.has(kind) || ArrayBuffer.isView(value)) {
      throw unsupported(offset, kind.slice(8, -1));
    }
  }
  return Object.keys(value);
}
