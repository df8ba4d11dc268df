export { assertNever } from './assert-never.js';
export { isUtf8, utf8SequenceLength } from './byte-scan.js';
export type { Clock, Timer } from './clock.js';
export { CoarseTimers } from './coarse-timers.js';
export type { CoarseCallback } from './coarse-timers.js';
export { decimal } from './decimal.js';
export type { IdSource } from './ids.js';
export { Ring } from './ring.js';
