export { answeredHosts, refuseOtherHosts } from './answered-hosts.js';
export { BoundedExpressAdapter } from './bounded-express-adapter.js';
export { serveCookieLogin } from './cookie-login.js';
export { HealthController } from './health.controller.js';
export type { Health } from './health.controller.js';
export { servePlayground } from './playground.js';
export type { PlaygroundFacts } from './playground.js';
