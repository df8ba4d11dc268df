/** No client can name a queue that begins so. */
const PRIVATE = '#durable ';

/** The name of the queue of a durable subscription: one for each pair of principal and name. */
export function durableQueueName(authid: string, name: string): string {
  return `${PRIVATE}${authid.length} ${authid} ${name}`;
}

/** A queue's name as clients are told it: that of the subscription if it is a durable subscription's. */
export function shownQueueName(queue: string): string {
  if (!queue.startsWith(PRIVATE)) return queue;
  const owner = queue.slice(PRIVATE.length);
  const length = Number.parseInt(owner, 10);
  return owner.slice(`${length} `.length + length + 1);
}
