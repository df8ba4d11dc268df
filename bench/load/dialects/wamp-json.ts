import type { Client } from '../client.js';
import type { Dialect, Role } from './dialect.js';

const HELLO = JSON.stringify([
  1,
  'realm1',
  { roles: { publisher: {}, subscriber: {}, caller: {}, callee: {} }, agent: 'bench' },
]);

/** WAMP v2, Basic Profile, in JSON. */
export const wampJson: Dialect = {
  subprotocol: 'wamp.2.json',
  path: () => '/ws',
  async begin(client: Client, role: Role): Promise<void> {
    await ask(client, HELLO, '[2,');
    if (role.kind === 'subscriber') await ask(client, JSON.stringify([32, 1, {}, role.topic]), '[33,');
    // Of a queue that is empty: an invocation behind the answer would be lost here.
    if (role.kind === 'worker') {
      await ask(client, JSON.stringify([64, 1, { invoke: 'roundrobin' }, `queue.${role.queue}`]), '[65,');
    }
    if (role.kind === 'callee') await ask(client, JSON.stringify([64, 1, {}, 'bench.echo']), '[65,');
  },
  // The payload needs no escape; JSON.stringify would be load of ours.
  publication: (topic, sequence, payload) => `[16,${sequence},{},"${topic}",["${payload}"]]`,
  deliverySignature: '[3',
  delivered: (message) => onlyArgument(message, 36, 4),
  call: (sequence, payload) => `[48,${sequence},{},"bench.echo",["${payload}"]]`,
  answer(invocation: Buffer): string {
    // [68,request,registration,details,[payload]]: the number is needed, and the arguments as they are.
    const text = invocation.toString('latin1');
    return `[70,${requestOf(text)},{},${text.slice(text.lastIndexOf('['), -1)}]`;
  },
  resultSignature: '[5',
  returned: (message) => onlyArgument(message, 50, 3),
  queues: {
    enqueue: (queue, sequence, payload) =>
      `[16,${sequence},{"acknowledge":true,"_queue":true},"${queue}",["${payload}"]]`,
    confirmationSignature: '[1',
    given: (message) => onlyArgument(message, 68, 4),
    settle: (message) => `[70,${requestOf(message)},{}]`,
    farewell: ['[6,{},"wamp.close.normal"]', '[6,'],
  },
};

function requestOf(invocation: string): string {
  if (!invocation.startsWith('[68,')) throw new Error(`not an invocation: ${invocation}`);
  return invocation.slice(4, invocation.indexOf(',', 4));
}

async function ask(client: Client, message: string, expected: string): Promise<void> {
  const answer = await client.request(message);
  if (!answer.startsWith(expected)) throw new Error(`expected ${expected}…, got ${answer}`);
}

function onlyArgument(message: string, kind: number, position: number): string {
  const parsed: unknown = JSON.parse(message);
  if (!Array.isArray(parsed) || parsed[0] !== kind) throw new Error(`expected [${kind}, …], got ${message}`);
  const args: unknown = parsed[position];
  if (!Array.isArray(args) || args.length !== 1 || typeof args[0] !== 'string') {
    throw new Error(`not one string: ${message}`);
  }
  return args[0];
}
