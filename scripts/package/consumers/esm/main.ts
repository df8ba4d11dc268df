import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createRouter, stomp, wamp } from 'mangrove';
import type { RouterOptions } from 'mangrove';

const options: RouterOptions = { path: '/ws', subprotocols: [stomp(), wamp({ profile: 'compatible' })] };
const router = createRouter(options);
const server = createServer();
router.attach(server);
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo;
  console.log(`listening at ws://127.0.0.1:${port}${router.path}`);
});

process.once('SIGTERM', async () => {
  await router.drain(1000);
  await router.close();
  server.close();
});
