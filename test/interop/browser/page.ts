import { Client as CurrentClient } from '@stomp/stompjs';
import { Client as ClientOf6 } from 'stompjs-6';
import type { AutobahnSerializer } from '../autobahn-client.js';
import { AutobahnClient } from '../autobahn-client.js';
import { joinWithAutobahn } from '../features/autobahn.js';
import type { Make, Serializer } from '../features/client.js';
import type { ScenarioName as FeatureName } from '../features/scenarios.js';
import { FeatureBed, SCENARIOS as FEATURES } from '../features/scenarios.js';
import { joinWithWampy } from '../features/wampy.js';
import { login } from '../login-clients.js';
import type { ScenarioName } from '../queue-scenarios.js';
import { SCENARIOS, StompClients } from '../queue-scenarios.js';
import type { StompJs } from '../stompjs-client.js';
import { StompClient } from '../stompjs-client.js';

/** What the two clients of a page heard of each other. */
export interface Meeting {
  readonly protocols: readonly string[];
  readonly heardByWamp: unknown;
  readonly heardByStomp: string;
  readonly octets: readonly number[];
  readonly resultForStomp: string;
  readonly resultForWamp: unknown;
  readonly violations: readonly unknown[];
}

/** Connects both clients to one endpoint, has them talk and call each other, and says good-bye. */
async function meet(url: string, serializer: AutobahnSerializer): Promise<Meeting> {
  const stomp = await StompClient.connect(url);
  const wamp = await AutobahnClient.join(url, serializer);
  const protocols = [(stomp.client.webSocket as unknown as { protocol: string }).protocol, wamp.protocol];

  const events = await wamp.listen('com.example.page');
  stomp.sendJson('/topic/com.example.page', { text: 'żółw 𝄞', list: [1, -0.5, null] });
  const heardByWamp = (await events.take()).args[0];

  const { messages } = await stomp.listen('/topic/com.example.#');
  wamp.session.publish('com.example.page', ['from WAMP', 2]);
  const heardByStomp = (await messages.take()).body;

  stomp.client.publish({
    destination: '/topic/com.example.page',
    binaryBody: Uint8Array.of(0, 0x80, 0xff),
    headers: { 'content-type': 'application/octet-stream' },
  });
  const octets = [...(await messages.take()).binaryBody];

  await wamp.session.register('com.example.sum', (args) => args.reduce((a, b) => Number(a) + Number(b)));
  stomp.sendJson('/rpc/com.example.sum', [2, 3, 4], {
    'wamp-payload': 'args',
    'reply-to': '/temp-queue/sum',
  });
  const resultForStomp = (await stomp.unhandled.take()).body;

  const asked = await stomp.listen('/rpc/com.example.shout');
  const call = wamp.session.call('com.example.shout', ['quiet']);
  const { body, headers } = await asked.messages.take();
  stomp.sendJson(headers['reply-to'] ?? '', String(JSON.parse(body)).toUpperCase());
  const resultForWamp = await call;

  await Promise.all([stomp.leave(), wamp.leave()]);
  const { violations } = wamp;
  return { protocols, heardByWamp, heardByStomp, octets, resultForStomp, resultForWamp, violations };
}

/** Whether a STOMP client of this page can connect; the code of the close if not. */
async function tryToConnect(url: string): Promise<number | 'connected'> {
  const client = await Promise.race([StompClient.connect(url), closeCodeOf(url)]);
  if (typeof client === 'number') return client;
  await client.leave();
  return 'connected';
}

interface BrowserSocket {
  addEventListener(name: 'close' | 'open', listener: (event: { readonly code: number }) => void): void;
  close(): void;
}

/** Resolves to the close code if a WebSocket is refused; never, if it is opened. */
function closeCodeOf(url: string): Promise<number> {
  const { WebSocket } = globalThis as unknown as {
    WebSocket: new (url: string, token: string) => BrowserSocket;
  };
  return new Promise((refused) => {
    const socket = new WebSocket(url, 'wamp.2.json');
    let opened = false;
    socket.addEventListener('open', () => {
      opened = true;
      socket.close();
    });
    socket.addEventListener('close', ({ code }) => {
      if (!opened) refused(code);
    });
  });
}

/** stompjs, by its version. */
const CLIENTS = { current: CurrentClient, 6: ClientOf6 as unknown as StompJs };

/** Has a stompjs go through a scenario of queues; what it saw. */
async function work(url: string, version: keyof typeof CLIENTS, name: ScenarioName): Promise<unknown> {
  const clients = new StompClients(url, CLIENTS[version]);
  const saw = await SCENARIOS[name](clients);
  await clients.leave();
  return saw;
}

const JOINS = { autobahn: joinWithAutobahn, wampy: joinWithWampy };

/** Has a WAMP client go through what it can do; what it saw, or why it failed. */
async function go(
  url: string,
  make: Make,
  serializer: Serializer,
  names: readonly FeatureName[],
): Promise<Record<string, unknown>> {
  const saw: Record<string, unknown> = {};
  for (const name of names) {
    const bed = new FeatureBed(url, JOINS, make, serializer);
    saw[name] = await FEATURES[name](bed).catch((error: unknown) => `failed: ${String(error)}`);
    await bed.leave();
  }
  return saw;
}

/** What the test calls in the page. */
export const page = { meet, tryToConnect, work, go, login };

Object.assign(globalThis, { page });
