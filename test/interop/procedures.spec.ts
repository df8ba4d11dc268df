import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { WebSocket } from 'ws';
import type { TestServer } from '../support/test-server.js';
import { startTestServer } from '../support/test-server.js';
import { Mailbox } from '../support/mailbox.js';
import { AUTOBAHN_SERIALIZERS, AutobahnClient, failureOf } from './autobahn-client.js';
import { WAMPY_SERIALIZERS, joinWampy } from './wampy-client.js';
import { provideWebSocket } from './web-socket.js';

provideWebSocket();

let server: TestServer;

beforeEach(async () => {
  server = await startTestServer();
});

afterEach(() => server.stop());

describe.each(AUTOBAHN_SERIALIZERS)('AutobahnJS over wamp.2.%s', (serializer) => {
  let clients: AutobahnClient[];

  beforeEach(async () => {
    clients = await Promise.all([1, 2, 3].map(() => AutobahnClient.join(server.url, serializer)));
  });

  afterEach(async () => {
    await Promise.all(clients.map((client) => client.leave()));
    expect(clients.flatMap(({ violations }) => violations)).toEqual([]);
  });

  it('shares a procedure by roundrobin, and keeps to the policy', async () => {
    const [one, other, caller] = clients as [AutobahnClient, AutobahnClient, AutobahnClient];
    await one.session.register('com.example.who', () => 'one', { invoke: 'roundrobin' });
    await other.session.register('com.example.who', () => 'other', { invoke: 'roundrobin' });
    const answers = [];
    for (let i = 0; i < 4; i += 1) answers.push(await caller.session.call('com.example.who'));
    expect(answers).toEqual(['one', 'other', 'one', 'other']);
    const refused = await failureOf(
      caller.session.register('com.example.who', () => 'no', { invoke: 'last' }),
    );
    expect(refused.error).toBe('wamp.error.procedure_exists_with_different_invocation_policy');
  });

  it('passes a busy callee over', async () => {
    const [one, other, caller] = clients as [AutobahnClient, AutobahnClient, AutobahnClient];
    const options = { invoke: 'first', concurrency: 1 };
    let done: (value: string) => void = () => {};
    const busy = new Mailbox<boolean>();
    const slow = (): Promise<string> => {
      busy.put(true);
      return new Promise((resolve) => (done = resolve));
    };
    await one.session.register('com.example.busy', slow, options);
    await other.session.register('com.example.busy', () => 'other', options);
    const first = caller.session.call('com.example.busy');
    await busy.take();
    expect(await caller.session.call('com.example.busy')).toBe('other');
    done('one');
    expect(await first).toBe('one');
  });

  it('may not take a procedure from others that are as anonymous as it', async () => {
    const [one, other] = clients as [AutobahnClient, AutobahnClient];
    await one.session.register('com.example.mine', () => 'one');
    const options = { force_reregister: true };
    const refused = await failureOf(other.session.register('com.example.mine', () => 'other', options));
    expect(refused.error).toBe('wamp.error.not_authorized');
  });
});

describe.each(WAMPY_SERIALIZERS)('wampy over wamp.2.%s', (serializer) => {
  it('gets wamp.error.timeout when the time is over that it has given', async () => {
    const [one, other] = [await joinWampy(server.url, serializer), await joinWampy(server.url, serializer)];
    await other.register('com.example.slow', () => new Promise<never>(() => {}));
    await expect(one.call('com.example.slow', null, { timeout: 100 })).rejects.toMatchObject({
      errorUri: 'wamp.error.timeout',
    });
    await Promise.all([one.disconnect(), other.disconnect()]);
  });

  it('sends a call in parts', async () => {
    const callee = await Callee.register(server.url, 'com.example.sum');
    const one = await joinWampy(server.url, serializer);
    const { result, sendData } = one.progressiveCall('com.example.sum', [1]);
    sendData([2]);
    sendData([3], { progress: false });
    expect((await result).argsList).toEqual([6]);
    await one.disconnect();
    callee.close();
  });
});

type Invocation = readonly [
  code: number,
  request: number,
  registration: number,
  details: { readonly progress?: boolean },
  args: readonly number[],
];

/** A callee that adds up the parts of its arguments: no released client takes them. */
class Callee {
  readonly #sums = new Map<number, number>();

  private constructor(private readonly socket: WebSocket) {
    socket.on('message', (data: Buffer) => this.#hear(JSON.parse(data.toString()) as Invocation));
  }

  static async register(url: string, procedure: string): Promise<Callee> {
    const socket = new WebSocket(url, ['wamp.2.json']);
    const callee = new Callee(socket);
    await new Promise((open) => socket.once('open', open));
    const features = { progressive_call_invocations: true, call_canceling: true };
    socket.send(JSON.stringify([1, 'realm1', { roles: { callee: { features } } }]));
    await new Promise((welcome) => socket.once('message', welcome));
    socket.send(JSON.stringify([64, 1, {}, procedure]));
    await new Promise((registered) => socket.once('message', registered));
    return callee;
  }

  close(): void {
    this.socket.close();
  }

  #hear([code, request, , details, args]: Invocation): void {
    if (code !== 68) return;
    const sum = (this.#sums.get(request) ?? 0) + args[0]!;
    this.#sums.set(request, sum);
    if (details.progress !== true) this.socket.send(JSON.stringify([70, request, {}, [sum]]));
  }
}
