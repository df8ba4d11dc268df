import type { Authenticator } from '../../src/broker/index.js';
import type { WampOptions } from '../../src/subprotocols/wamp/index.js';
import type { TestServicesOptions } from '../../src/testing/index.js';
import { StompClient } from './stomp-client.js';
import { Peers } from './wamp-peer.js';
import type { WampPeer } from './wamp-peer.js';
import { wampServices } from './wamp-services.js';

/** When the manual clock begins, as the meta API shows it. */
export const BEGINNING = '2023-11-14T22:13:20.000Z';

/** Takes an authid at its word; `admin` has the role of that name, all others are users. */
const byName: Authenticator = {
  methods: ['test'],
  begin: ({ authid = 'nobody' }) => ({
    kind: 'accepted',
    principal: {
      authid,
      authrole: authid === 'admin' ? 'admin' : 'user',
      authmethod: 'test',
      authprovider: 'static',
    },
  }),
};

/** Clients of both protocols in a realm that answers the meta procedures. */
export class MetaBed {
  readonly peers: Peers;
  readonly #stomp: StompClient[] = [];

  constructor(options: TestServicesOptions = {}, wampOptions: WampOptions = {}) {
    this.peers = new Peers(wampServices({ authenticator: byName, ...options }, wampOptions));
  }

  /** A WAMP peer with a session. */
  join(authid: string): WampPeer {
    const roles = '{"publisher":{},"subscriber":{},"caller":{},"callee":{}}';
    return this.peers.join(`[1,"realm1",{"authid":"${authid}","agent":"tester/1","roles":${roles}}]`);
  }

  /** A STOMP client with a session. */
  connect(login: string): StompClient {
    const client = new StompClient(this.peers.services);
    this.#stomp.push(client);
    client.say(`CONNECT\naccept-version:1.2\nhost:realm1\nlogin:${login}\n\n\0`);
    client.heard();
    return client;
  }

  end(): void {
    for (const client of this.#stomp) client.close();
    this.peers.end();
  }
}

/** Calls, and takes the arguments of RESULT, or the URI of ERROR. */
export function call(
  peer: WampPeer,
  procedure: string,
  args: readonly unknown[] = [],
  kwargs: object = {},
): unknown {
  peer.take();
  peer.send(JSON.stringify([48, 99, {}, procedure, args, kwargs]));
  for (const message of peer.takeParsed()) {
    if (message[0] === 50 && message[1] === 99) return message[3] ?? [];
    if (message[0] === 8 && message[2] === 99) return message[4];
  }
  return 'no answer';
}

/** Subscribes to topics, one request each, and forgets the answers. */
export function listen(peer: WampPeer, ...topics: string[]): WampPeer {
  topics.forEach((topic, at) => peer.send(`[32,${at + 1},{},"${topic}"]`));
  peer.take();
  return peer;
}

/** Takes the arguments of EVENTs. */
export function eventsOf(peer: WampPeer): unknown[] {
  return peer
    .takeParsed()
    .filter(([code]) => code === 36)
    .map(([, , , , args]) => args);
}

/** The id of somebody's session, as a peer may see it. */
export function idOf(authid: string, asked: WampPeer): number {
  const [ids] = call(asked, 'wamp.session.list') as [number[]];
  const found = ids.find((id) => {
    const [details] = call(asked, 'wamp.session.get', [id]) as [{ authid: string }];
    return details.authid === authid;
  });
  if (found === undefined) throw new Error(`${authid} is not there.`);
  return found;
}
