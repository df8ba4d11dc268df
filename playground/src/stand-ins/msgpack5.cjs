// What AutobahnJS uses of msgpack5, by a package that needs no Node.
const { decode, encode } = require('@msgpack/msgpack');

module.exports = () => ({ encode, decode: (payload) => decode(new Uint8Array(payload)) });
