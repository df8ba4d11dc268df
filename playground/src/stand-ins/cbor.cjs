// What AutobahnJS uses of cbor, by a package that needs no Node.
const { decode, encode } = require('cborg');

module.exports = {
  encodeAsync: (value) => Promise.resolve(encode(value)),
  decodeFirstSync: (payload) => decode(new Uint8Array(payload)),
};
