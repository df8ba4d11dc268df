#!/usr/bin/env node
import { processIo, runCli } from './server/index.js';

const exitCode = await runCli(process.argv.slice(2), processIo());
// Nothing is left to wait for; a timer of somebody else's must not keep a stopped server alive.
process.exit(exitCode);
