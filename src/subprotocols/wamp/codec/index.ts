export { OCTAL_SEPARATOR, RECORD_SEPARATOR, batchOf, splitBatch } from './batch.js';
export type { Framing } from './batch.js';
export { decodeMessage } from './decode.js';
export type { Reading } from './decode.js';
export { encodeMessage } from './encode.js';
export { CODES } from './messages.js';
export type {
  Arguments,
  Call,
  Cargo,
  ClientMessage,
  Details,
  HeaderMap,
  Hello,
  MessageName,
  Publish,
  Register,
  RequestName,
  Role,
  Roles,
  RouterMessage,
  Subscribe,
  Violation,
  Yield,
} from './messages.js';
export { isUri } from './uris.js';
export type { UriRule } from './uris.js';
