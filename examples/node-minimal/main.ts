import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createRouter } from 'mangrove';

/** Everybody may hear the time and ask for it; only the clock may tell it. */
const router = createRouter({
  authorizer: ({ authrole }, action, { text }) => ({
    allow:
      authrole === 'clock' ||
      action === 'subscribe' ||
      action === 'call' ||
      !text.startsWith('com.example.time'),
  }),
});

const clock = router.connect({ principal: { authid: 'big-ben', authrole: 'clock' } });
await clock.register('com.example.time.now', () => new Date().toISOString());
const ticking = setInterval(() => void clock.publish('com.example.time', [new Date().toISOString()]), 100);

const server = createServer((_request, response) => response.end('Connect to /ws with STOMP or WAMP.\n'));
router.attach(server);
server.listen(Number(process.env['PORT'] ?? 8080), '127.0.0.1', () => {
  console.log(`listening on ws://127.0.0.1:${(server.address() as AddressInfo).port}${router.path}`);
});

process.once('SIGTERM', () => void stop());
process.once('SIGINT', () => void stop());

async function stop(): Promise<void> {
  clearInterval(ticking);
  await router.drain(5000);
  await router.close();
  server.close();
}
