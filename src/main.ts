#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import type * as Server from './server/index.js';

/** Loaded here and not above, so that a package that is missing is told in one line. */
async function main(): Promise<number> {
  let server: typeof Server;
  try {
    server = await import('./server/index.js');
  } catch (error) {
    const missing = missingPackage(error);
    if (missing === undefined) throw error;
    process.stderr.write(
      `mangrove: the package ${missing} is not installed; the server needs it, the library does not. ` +
        `Install what the server needs: npm install ${serverPeers().join(' ')}\n`,
    );
    return 1;
  }
  return server.runCli(process.argv.slice(2), server.processIo());
}

/** The name of the package that an import did not find; undefined for any other error. */
function missingPackage(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  return /^Cannot find package '([^'./][^']*)'/.exec(error.message)?.[1];
}

/** What the server needs besides the package's own dependencies: npm installs it unless peers are left out. */
function serverPeers(): string[] {
  const manifest = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
    readonly peerDependencies: Readonly<Record<string, string>>;
  };
  return Object.entries(manifest.peerDependencies).map(([name, range]) => `"${name}@${range}"`);
}

const exitCode = await main();
// Nothing is left to wait for; a timer of somebody else's must not keep a stopped server alive.
process.exit(exitCode);
