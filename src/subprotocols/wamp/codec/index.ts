export { OCTAL_SEPARATOR, RECORD_SEPARATOR, batchOf, splitBatch } from './batch.js';
export type { Framing } from './batch.js';
export { decodeMessage } from './decode.js';
export type { Reading } from './decode.js';
export { encodeMessage } from './encode.js';
export { CODES } from './messages.js';
export type {
  Arguments,
  Call,
  CallOptions,
  Cargo,
  ClientMessage,
  ConsumerOptions,
  DeliveryOptions,
  Details,
  HeaderMap,
  Hello,
  MessageName,
  Passthru,
  Publish,
  QueueOptions,
  Receivers,
  Register,
  RequestName,
  Role,
  Roles,
  RouterMessage,
  SharingOptions,
  SourceOptions,
  Subscribe,
  Violation,
  Yield,
} from './messages.js';
export { OptionReader } from './option-reader.js';
export { isUri } from './uris.js';
export type { UriRule } from './uris.js';
