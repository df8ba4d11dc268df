import type { Client } from '../client.js';
import { PAYLOAD_BYTES } from '../payload.js';
import type { Dialect, QueueDialect, Role } from './dialect.js';

const REPLY_ADDRESS = '/temp-queue/replies';
const CONTENT = `content-type:text/plain\ncontent-length:${PAYLOAD_BYTES}`;

/** Queues by SEND with receipt and `ack:client-individual`, which RabbitMQ speaks, too. */
export const stompQueues: QueueDialect = {
  enqueue: (queue, sequence, payload) =>
    `SEND\ndestination:/queue/${queue}\npersistent:true\nreceipt:${sequence}\n${CONTENT}\n\n${payload}\0`,
  confirmationSignature: 'RE',
  given: body,
  settle: (message) => `ACK\nid:${header(message, message.indexOf('\n\n'), 'ack')}\n\n\0`,
  farewell: ['DISCONNECT\nreceipt:bye\n\n\0', 'RECEIPT\n'],
};

/** STOMP 1.2: topics, and calls through `/rpc/<uri>` with `reply-to`. */
export const stomp: Dialect = {
  subprotocol: 'v12.stomp',
  path: () => '/ws',
  async begin(client: Client, role: Role): Promise<void> {
    await ask(client, 'CONNECT\naccept-version:1.2\nhost:realm1\nheart-beat:0,0\n\n\0', 'CONNECTED');
    if (role.kind === 'subscriber') await subscribe(client, `/topic/${role.topic}`);
    if (role.kind === 'callee') await subscribe(client, '/rpc/bench.echo');
    if (role.kind === 'worker') work(client, role);
  },
  publication: (topic, _sequence, payload) => `SEND\ndestination:/topic/${topic}\n${CONTENT}\n\n${payload}\0`,
  deliverySignature: 'ME',
  delivered: body,
  call: (sequence, payload) =>
    `SEND\ndestination:/rpc/bench.echo\nreply-to:${REPLY_ADDRESS}\ncorrelation-id:${sequence}\n${CONTENT}\n\n${payload}\0`,
  answer(invocation: Buffer): string {
    const text = invocation.toString('latin1');
    const end = text.indexOf('\n\n');
    const replyTo = header(text, end, 'reply-to');
    const correlation = header(text, end, 'correlation-id');
    const payload = text.slice(end + 2, -1);
    return `SEND\ndestination:${replyTo}\ncorrelation-id:${correlation}\n${CONTENT}\n\n${payload}\0`;
  },
  resultSignature: 'ME',
  returned: body,
  queues: stompQueues,
};

/** Becomes a worker. Not waited for: messages may come before any answer. */
export function work(
  client: Client,
  { queue, credit }: { readonly queue: string; readonly credit: number },
): void {
  client.send(
    `SUBSCRIBE\nid:0\ndestination:/queue/${queue}\nack:client-individual\nprefetch-count:${credit}\n\n\0`,
  );
}

async function subscribe(client: Client, destination: string): Promise<void> {
  await ask(client, `SUBSCRIBE\nid:0\ndestination:${destination}\nreceipt:ready\n\n\0`, 'RECEIPT');
}

/** Sends a frame and expects another as the answer. */
export async function ask(client: Client, frame: string, expected: string): Promise<void> {
  const answer = await client.request(frame);
  if (!answer.startsWith(`${expected}\n`)) throw new Error(`expected ${expected}, got ${answer}`);
}

function header(frame: string, end: number, name: string): string {
  const at = frame.indexOf(`\n${name}:`);
  if (at < 0 || at > end) throw new Error(`no ${name} in ${frame.slice(0, end)}`);
  const start = at + name.length + 2;
  return frame.slice(start, frame.indexOf('\n', start));
}

function body(message: string): string {
  const end = message.indexOf('\n\n');
  const head = message.slice(0, end);
  if (!head.startsWith('MESSAGE\n') || head.includes('\nerror:')) throw new Error(`not a message: ${head}`);
  if (!message.endsWith('\0')) throw new Error('no NUL at the end');
  return message.slice(end + 2, -1);
}
