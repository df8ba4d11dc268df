import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { WebSocket } from 'ws';
import { joinWithAutobahn } from './features/autobahn.js';
import type { Make, Serializer } from './features/client.js';
import { SERIALIZERS } from './features/client.js';
import { rowsOf } from './features/expectations.js';
import type { ScenarioName } from './features/scenarios.js';
import { FeatureBed, SCENARIOS } from './features/scenarios.js';
import { joinWithWampy } from './features/wampy.js';
import { provideHttpRequest } from '../support/http-request.js';
import type { Reached, Way } from './transports.js';
import { reach } from './transports.js';
import { provideWebSocket } from './web-socket.js';

provideHttpRequest();

const JOINS = { autobahn: joinWithAutobahn, wampy: joinWithWampy };

let reached: Reached;

/** Has a client go through all that it can, by one of the ways to the server. */
function go(make: Make, way: Way, serializer: Serializer): void {
  beforeEach(async () => {
    reached = await reach(way);
    const { ca } = reached;
    if (ca === undefined) provideWebSocket();
    else Object.assign(globalThis, { WebSocket: trusting(ca) });
  });

  afterEach(() => reached.stop());

  const rows = rowsOf(make, way === 'long-poll' ? way : 'streams') as [ScenarioName, unknown][];
  it.each(rows)('has: %s', async (name, expected) => {
    const bed = new FeatureBed(reached.url, JOINS, make, serializer);
    try {
      expect(await SCENARIOS[name](bed)).toEqual(expected);
    } finally {
      await bed.leave();
    }
  });
}

/** A `WebSocket` that trusts the authority in a file. */
function trusting(ca: string): unknown {
  const authority = readFileSync(ca);
  return class extends WebSocket {
    constructor(url: string, protocols: string | string[]) {
      super(url, protocols, { ca: authority });
    }
  };
}

describe.each<Make>(['autobahn', 'wampy'])('%s from npm', (make) => {
  describe.each(SERIALIZERS)('over wamp.2.%s', (serializer) => go(make, 'WebSocket', serializer));

  describe('over WebSocket with TLS', () => go(make, 'WebSocket with TLS', 'cbor'));
});

describe.each<Way>(['RawSocket over TCP', 'RawSocket over a Unix socket', 'long-poll'])(
  'autobahn from npm over %s',
  (way) => go('autobahn', way, 'json'),
);
