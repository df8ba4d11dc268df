/** A worker that speaks WAMP: charges the card of each order, then hands the order on. It may be killed at any moment. */
import { Wampy } from 'wampy';
import { WebSocket } from 'ws';
import type { Order } from './order.js';

type Constructor = NonNullable<NonNullable<ConstructorParameters<typeof Wampy>[1]>['ws']>;

const [url = ''] = process.argv.slice(2);
const session = new Wampy(url, { realm: 'realm1', ws: WebSocket as unknown as Constructor });
await session.connect();

// Registering `queue.<name>` is consuming: a result acknowledges the message, an error sends it back.
await session.register(
  'queue.orders.charge',
  async ({ argsList, details }) => {
    const order = argsList?.[0] as Order;
    console.log(`charge: order ${order.id}${details['_redelivered'] === true ? ', again' : ''}`);
    await charge(order);
    // First stored in the next queue, then acknowledged in this one: so it is in one of them at least, always.
    await session.publish('orders.ship', [order], { _queue: true });
    return null;
  },
  { _credit: 5 },
);
console.log('charge: ready');

/** Takes as long as a bank. A real one would be told the order's id, so that it charges no card twice. */
async function charge({ card }: Order): Promise<void> {
  await new Promise((charged) => setTimeout(charged, 20));
  // For wampy, what is thrown is the ERROR that it sends.
  if (card === 'declined')
    throw { error: 'com.example.error.declined', argsList: ['The card was declined.'] };
}
