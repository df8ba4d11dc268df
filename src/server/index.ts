export { processIo, runCli } from './cli/index.js';
export { AppModule } from './app.module.js';
export { startServer } from './start.js';
export type { RunningServer } from './start.js';
