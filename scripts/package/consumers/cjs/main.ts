import http = require('node:http');
import type { AddressInfo } from 'node:net';
import mangrove = require('mangrove');
import testing = require('mangrove/testing');

const router = mangrove.createRouter({ subprotocols: [mangrove.stomp(), mangrove.wamp()] });
const server = http.createServer();
router.attach(server);
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo;
  const { brokers } = testing.testServices();
  console.log(`${[...brokers.keys()].join()} is there, listening at ws://127.0.0.1:${port}${router.path}`);
});

process.once('SIGTERM', async () => {
  await router.drain(1000);
  await router.close();
  server.close();
});
