import type { IFrame, IMessage, StompConfig, StompHeaders } from '@stomp/stompjs';
import { Mailbox } from '../support/mailbox.js';
import type { StompJs } from './stompjs-client.js';
import { StompClient } from './stompjs-client.js';

/** Clients of one version at one server, all of which leave in the end. */
export class StompClients {
  readonly #clients: StompClient[] = [];

  constructor(
    private readonly url: string,
    private readonly Made: StompJs,
  ) {}

  /** Connects under a name, since what is durable belongs to somebody. */
  async connect(config: StompConfig = {}): Promise<StompClient> {
    const connectHeaders = { login: 'alice', passcode: 'x' };
    const client = await StompClient.connect(this.url, { connectHeaders, ...config }, this.Made);
    this.#clients.push(client);
    return client;
  }

  async leave(): Promise<void> {
    await Promise.all(this.#clients.splice(0).map((client) => client.leave()));
  }
}

/** What the real stompjs does with queues and with the past of topics, in Node and in a browser; each tells what it saw. */
export const SCENARIOS = {
  acknowledges,
  refuses,
  commits,
  subscribesDurably,
  replays,
  remembers,
  reconnects,
} satisfies Record<string, (clients: StompClients) => Promise<unknown>>;

/** The name of a scenario. */
export type ScenarioName = keyof typeof SCENARIOS;

/** What was not acknowledged when its consumer was lost comes to the next one, flagged and in order. */
async function acknowledges(clients: StompClients): Promise<unknown> {
  const producer = await clients.connect();
  for (const body of ['one', 'two', 'three']) await sendTo(producer, '/queue/work.ack', body);
  const first = await clients.connect();
  const { messages } = await first.listen('/queue/work.ack', { ack: 'client-individual' });
  const taken = [await messages.take(), await messages.take(), await messages.take()];
  await first.receipt((receipt) => taken[1]!.ack(receipt));
  first.client.forceDisconnect();
  await first.closes.take();
  const second = await clients.connect();
  const again = await second.listen('/queue/work.ack', { ack: 'client' });
  const redelivered = [await again.messages.take(), await again.messages.take()];
  // Cumulative: the last one stands for both.
  await second.receipt((receipt) => redelivered[1]!.ack(receipt));
  await second.leave();
  return {
    first: taken.map((message) => seen(message, 'redelivered')),
    second: redelivered.map((message) => seen(message, 'redelivered', 'x-delivery-count')),
    left: await browsed(producer, '/queue/work.ack'),
  };
}

/** A NACK brings a message back, and with `requeue:false` to the dead letters. */
async function refuses(clients: StompClients): Promise<unknown> {
  const client = await clients.connect();
  await sendTo(client, '/queue/work.nack', 'hot potato', { 'made-by': 'a test' });
  const { messages } = await client.listen('/queue/work.nack', { ack: 'client-individual' });
  (await messages.take()).nack();
  const second = await messages.take();
  const dead = await client.listen('/queue/work.nack.dead');
  second.nack({ requeue: 'false' });
  const letter = await dead.messages.take();
  return {
    second: seen(second, 'redelivered', 'x-delivery-count'),
    letter: seen(letter, 'made-by', 'x-death-reason', 'x-death-queue', 'x-death-count'),
  };
}

/** A transaction over SEND and ACK happens at COMMIT, and not at all after ABORT. */
async function commits(clients: StompClients): Promise<unknown> {
  const stomp = await clients.connect();
  await sendTo(stomp, '/queue/work.in', 'order');
  const { messages } = await stomp.listen('/queue/work.in', { ack: 'client-individual' });
  const message = await messages.take();
  const work = (body: string): { commit(): void; abort(): void } => {
    const transaction = stomp.client.begin();
    const headers = { transaction: transaction.id };
    stomp.client.publish({ destination: '/queue/work.out', body, headers });
    message.ack(headers);
    return transaction;
  };
  work('aborted').abort();
  const between = [await browsed(stomp, '/queue/work.out'), await browsed(stomp, '/queue/work.in')];
  work('committed').commit();
  const after = [await browsed(stomp, '/queue/work.out')];
  await stomp.leave();
  const other = await clients.connect();
  return { between, after: [...after, await browsed(other, '/queue/work.in')] };
}

/** A durable subscription collects while its holder is away, until it is forgotten. */
async function subscribesDurably(clients: StompClients): Promise<unknown> {
  const producer = await clients.connect();
  const inbox = { id: 'inbox', durable: 'true', ack: 'client-individual' };
  const first = await clients.connect();
  await first.listen('/topic/work.news.*', inbox);
  await first.leave();
  await sendTo(producer, '/topic/work.news.eu', 'while away');
  const second = await clients.connect();
  const { messages } = await second.listen('/topic/work.news.*', inbox);
  const missed = await messages.take();
  await second.receipt((receipt) => missed.ack(receipt));
  await sendTo(producer, '/topic/work.news.us', 'while here');
  const live = await messages.take();
  await second.receipt((receipt) => second.client.unsubscribe('inbox', { durable: 'true', ...receipt }));
  await second.leave();
  await sendTo(producer, '/topic/work.news.eu', 'after it was forgotten');
  const third = await clients.connect();
  const anew = await third.listen('/topic/work.news.*', inbox);
  await sendTo(producer, '/topic/work.news.eu', 'anew');
  const heard = await anew.messages.take();
  await third.receipt((receipt) => third.client.unsubscribe('inbox', { durable: 'true', ...receipt }));
  return [missed, live, heard].map((message) => seen(message, 'destination'));
}

/** `since` brings what was missed, before what is live, and says whether that was all. */
async function replays(clients: StompClients): Promise<unknown> {
  const topic = '/topic/work.log';
  const producer = await clients.connect();
  const before = await clients.connect();
  const { messages } = await before.listen(topic);
  await sendTo(producer, topic, '1');
  const since = publicationOf(await messages.take());
  await before.leave();
  for (const body of ['2', '3']) await sendTo(producer, topic, body);
  const missed = await listenSince(await clients.connect(), topic, since);
  await sendTo(producer, topic, '4');
  const heard = [await missed.messages.take(), await missed.messages.take(), await missed.messages.take()];
  for (const body of ['5', '6']) await sendTo(producer, topic, body);
  const late = await listenSince(await clients.connect(), topic, since);
  const kept = [await late.messages.take(), await late.messages.take(), await late.messages.take()];
  return {
    missed: [missed.receipt.headers['recovered'], ...heard.map((message) => seen(message, 'recovered'))],
    late: [late.receipt.headers['recovered'], ...kept.map((message) => seen(message, 'recovered'))],
  };
}

/** A retained message comes first to who asks for it, and to nobody else. */
async function remembers(clients: StompClients): Promise<unknown> {
  const producer = await clients.connect();
  await sendTo(producer, '/topic/work.state', 'open', { retain: 'true' });
  const [asks, asksNot] = [await clients.connect(), await clients.connect()];
  const told = await asks.listen('/topic/work.*', { 'get-retained': 'true' });
  const untold = await asksNot.listen('/topic/work.*');
  await sendTo(producer, '/topic/work.state', 'closed');
  const heard = [await told.messages.take(), await told.messages.take(), await untold.messages.take()];
  await sendTo(producer, '/topic/work.state', '', { retain: 'true' });
  return heard.map((message) => seen(message, 'retained'));
}

/** After a lost connection the client comes back by itself, subscribes anew, and gets what it had not acknowledged. */
async function reconnects(clients: StompClients): Promise<unknown> {
  const client = await clients.connect({ reconnectDelay: 20 });
  for (const body of ['one', 'two']) await sendTo(client, '/queue/work.back', body);
  const headers = { ack: 'client-individual', 'prefetch-count': '1' };
  const lost = await (await client.listen('/queue/work.back', headers)).messages.take();
  client.client.forceDisconnect();
  await client.connections.take();
  const { messages } = await client.listen('/queue/work.back', headers);
  const again = await messages.take();
  again.ack();
  const next = await messages.take();
  await client.receipt((receipt) => next.ack(receipt));
  return [lost, again, next].map((message) => seen(message, 'redelivered'));
}

/** SENDs, and waits for the RECEIPT. */
async function sendTo(
  stomp: StompClient,
  destination: string,
  body: string,
  headers: StompHeaders = {},
): Promise<void> {
  await stomp.receipt((asked) =>
    stomp.client.publish({ destination, body, headers: { ...headers, ...asked } }),
  );
}

/** The bodies of what waits in a queue. */
async function browsed(client: StompClient, destination: string): Promise<string[]> {
  const { messages } = await client.listen(destination, { browser: 'true' });
  const bodies: string[] = [];
  for (;;) {
    const message = await messages.take();
    if (message.headers['browser'] === 'end') return bodies;
    bodies.push(message.body);
  }
}

async function listenSince(
  stomp: StompClient,
  destination: string,
  since: string,
): Promise<{ readonly receipt: IFrame; readonly messages: Mailbox<IMessage> }> {
  const messages = new Mailbox<IMessage>();
  const receipt = await stomp.receipt((asked) =>
    stomp.client.subscribe(destination, (message) => messages.put(message), { since, ...asked }),
  );
  return { receipt, messages };
}

function publicationOf({ headers }: IMessage): string {
  return headers['message-id']!.split('-')[0]!;
}

/** A message as it is compared: its body, and those of the headers that are there. */
function seen({ body, headers }: IMessage, ...names: readonly string[]): unknown[] {
  return [
    body,
    Object.fromEntries(names.flatMap((name) => (name in headers ? [[name, headers[name]]] : []))),
  ];
}
