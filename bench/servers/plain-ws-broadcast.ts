import type { WebSocket } from 'ws';
import { WebSocketServer } from 'ws';
import { serve } from '../processes/child.js';
import { ownMemory } from '../processes/memory.js';
import { listen } from './listen.js';

/** The loop that everybody writes first: a message that comes in is sent to each subscriber of the topic, one by one. */
function start(): Promise<number> {
  const topics = new Map<string, Set<WebSocket>>();
  const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false });
  return listen((request, socket, head) => {
    const [, role, topic = ''] = (request.url ?? '').split('/');
    sockets.handleUpgrade(request, socket, head, (client) => {
      const subscribers = topics.get(topic) ?? new Set();
      topics.set(topic, subscribers);
      client.on('error', () => client.terminate());
      if (role === 'subscriber') {
        subscribers.add(client);
        client.on('close', () => subscribers.delete(client));
      } else {
        client.on('message', (data: Buffer, isBinary) => {
          for (const subscriber of subscribers) subscriber.send(data, { binary: isBinary });
        });
      }
    });
  });
}

serve({ listen: async () => ({ port: await start(), notes: [] }), memory: ownMemory });
