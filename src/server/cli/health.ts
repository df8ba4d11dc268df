import { request } from 'node:http';
import { request as secureRequest } from 'node:https';
import { loadConfig, urlHost } from '../config/index.js';
import type { ServerConfig } from '../config/index.js';
import { readTls } from '../tls/index.js';
import { EXIT } from './console-io.js';
import type { ConsoleIo } from './console-io.js';

/** Options of `mangrove health`. */
export interface HealthOptions {
  readonly config?: string;
}

/** How long the server has for its answer, in ms. */
const PATIENCE_MS = 4000;

/** What is asked instead of an address that means all of them. */
const OWN_ADDRESS: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '::': '::1' };

/**
 * Asks the server of a configuration on this machine whether it is well, over TLS if that is what it speaks. Resolves to the exit
 * code: 0, or 1 if it is not there, drains, or its store has failed. The certificate is not verified: it is asked by
 * address, and told nothing.
 */
export async function health({ config: file }: HealthOptions, io: ConsoleIo): Promise<number> {
  const answer = await ask(loadConfig({ file, env: io.env }));
  io.out(`${answer.text.trim()}\n`);
  return answer.status === 200 ? EXIT.ok : EXIT.failed;
}

interface Answer {
  readonly status: number | undefined;
  readonly text: string;
}

function ask(config: ServerConfig): Promise<Answer> {
  const { host: listening, port, hosts, tls } = config;
  const host = OWN_ADDRESS[listening] ?? listening;
  const target = {
    host,
    port,
    path: '/health',
    headers: { Host: hosts[0] ?? urlHost(host) },
    agent: false,
    signal: AbortSignal.timeout(PATIENCE_MS),
  };
  return new Promise((answered) => {
    const asked =
      tls === undefined
        ? request(target)
        : // Its own certificate is the only one that it could show where clients have to.
          secureRequest({ ...target, ...readTls(tls).context, rejectUnauthorized: false });
    asked.on('response', (response) => {
      let text = '';
      response.on('data', (part: Buffer) => (text += part.toString()));
      response.on('end', () => answered({ status: response.statusCode, text }));
      response.on('error', (error) => answered({ status: undefined, text: error.message }));
    });
    asked.on('error', (error) => answered({ status: undefined, text: `no answer: ${error.message}` }));
    asked.end();
  });
}
