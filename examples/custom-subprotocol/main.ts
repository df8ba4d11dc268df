import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createRouter, stomp, wamp } from 'mangrove';
import { chat } from './chat.js';

const router = createRouter({ subprotocols: [chat(), stomp(), wamp()] });
const server = createServer((_request, response) =>
  response.end('Connect to /ws with chat, STOMP or WAMP.\n'),
);
router.attach(server);
server.listen(Number(process.env['PORT'] ?? 8080), '127.0.0.1', () => {
  console.log(`listening on ws://127.0.0.1:${(server.address() as AddressInfo).port}${router.path}`);
});

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.once(
    signal,
    () =>
      void router
        .drain(5000)
        .then(() => router.close())
        .then(() => server.close()),
  );
}
