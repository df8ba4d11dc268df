// What AutobahnJS uses of the package msgpack5, by one that needs no Node.
import { decode, encode } from '@msgpack/msgpack';

/** Makes a codec. */
function msgpack5() {
  return { encode: (value: unknown) => encode(value), decode: (payload: ArrayBuffer) => decode(payload) };
}

// The package is a function, which only this name says to `require`.
export { msgpack5 as 'module.exports' };
