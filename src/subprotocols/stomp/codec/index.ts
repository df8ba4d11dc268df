export { headerLine, ownLine, unescape } from './escaping.js';
export { COMMANDS_WITH_BODY } from './frame.js';
export type { Dialect, FrameFault, FrameLimits, StompFrame } from './frame.js';
export { FrameHeaders } from './frame-headers.js';
export { FrameParser } from './parser.js';
export { encodeConnected, encodeFrame, frameTail } from './serializer.js';
export type { HeaderPairs } from './serializer.js';
export { STOMP_VERSIONS, highestCommonVersion } from './versions.js';
export type { StompVersion } from './versions.js';
