export { logInstrumentation } from './log-instrumentation.js';
export { ServerLogger } from './server-logger.js';
export type { LogOptions } from './server-logger.js';
