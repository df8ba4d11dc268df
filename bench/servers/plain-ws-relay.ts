import type { WebSocket } from 'ws';
import { WebSocketServer } from 'ws';
import { serve } from '../processes/child.js';
import { listen } from './listen.js';

const TAG_DIGITS = 4;

/**
 * The least that a request and its reply cost through a server: forwarded to the callee, and back to the caller whose tag the
 * message begins with. No request ids, no time-outs, no checks.
 */
function start(): Promise<number> {
  const callers: (WebSocket | undefined)[] = [];
  let callee: WebSocket | undefined;
  const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false });
  return listen((request, socket, head) => {
    const [, role, tag = ''] = (request.url ?? '').split('/');
    sockets.handleUpgrade(request, socket, head, (client) => {
      client.on('error', () => client.terminate());
      if (role === 'callee') {
        callee = client;
        client.on('message', (data: Buffer, isBinary) => {
          callers[Number(data.toString('latin1', 0, TAG_DIGITS))]?.send(data, { binary: isBinary });
        });
      } else {
        callers[Number(tag)] = client;
        client.on('message', (data: Buffer, isBinary) => callee?.send(data, { binary: isBinary }));
      }
    });
  });
}

serve({ listen: async () => ({ port: await start(), notes: [] }) });
