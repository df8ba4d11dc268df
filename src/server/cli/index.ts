export { processIo } from './console-io.js';
export type { ConsoleIo, StopReason } from './console-io.js';
export { runCli } from './program.js';
