export type { HttpLimits } from './limits-schema.js';
export { loadConfig } from './load.js';
export type { ConfigSources, ServerConfig } from './load.js';
export { isLoopback, urlHost } from './loopback.js';
export { ConfigurationError } from './problems.js';
export { renderReferencePage } from './reference-page.js';
