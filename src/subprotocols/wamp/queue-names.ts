/** What stands before a queue's name where WAMP knows procedures only. */
const QUEUES = 'queue.';

/**
 * The queue whose consumers register under this URI, `queue.<name>`; undefined if it is a procedure like any other. What is
 * registered under it gets messages, and cannot be called.
 */
export function queueOf(procedure: string): string | undefined {
  return procedure.startsWith(QUEUES) ? procedure.slice(QUEUES.length) : undefined;
}

/** The URI of a queue. */
export function uriOfQueue(queue: string): string {
  return QUEUES + queue;
}
