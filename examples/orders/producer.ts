/** The shop's front end: sends orders by STOMP, and is done when every one of them is stored. */
import { Client } from '@stomp/stompjs';
import { WebSocket } from 'ws';
import type { Order } from './order.js';

const [url = '', count = ''] = process.argv.slice(2);
// Node 20 has no WebSocket of its own.
Object.assign(globalThis, { WebSocket });

const client = new Client({ brokerURL: url });
client.onStompError = ({ headers, body }) => fail(`${headers['message'] ?? ''}: ${body}`);
client.onConnect = async () => {
  const orders = Array.from({ length: Number(count) }, (_, at) => orderOf(at + 1));
  await Promise.all(orders.map(send));
  console.log(`producer: ${orders.length} orders are stored`);
  await client.deactivate();
};
client.activate();

/** Every 20th card is declined. */
function orderOf(id: number): Order {
  return { id, card: id % 20 === 0 ? 'declined' : 'good' };
}

/** Resolves with the RECEIPT: the order is in the queue, whatever happens from now on. */
function send(order: Order): Promise<void> {
  return new Promise((stored) => {
    const receipt = `order-${order.id}`;
    client.watchForReceipt(receipt, () => stored());
    client.publish({
      destination: '/queue/orders.charge',
      headers: { receipt, 'content-type': 'application/json' },
      body: JSON.stringify(order),
    });
  });
}

function fail(why: string): void {
  console.error(`producer: ${why}`);
  process.exit(1);
}
