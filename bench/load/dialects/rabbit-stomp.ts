import type { Dialect } from './dialect.js';
import { ask, stomp, stompQueues, work } from './stomp.js';

/** STOMP 1.2 as RabbitMQ wants it: with a login and a virtual host. Only for queues. */
export const rabbitStomp: Dialect = {
  ...stomp,
  // It ends a frame with a line feed behind the NUL, as it may.
  queues: { ...stompQueues, given: (message) => stompQueues.given(message.trimEnd()) },
  async begin(client, role): Promise<void> {
    const login = 'login:guest\npasscode:guest\nhost:/';
    await ask(client, `CONNECT\naccept-version:1.2\n${login}\nheart-beat:0,0\n\n\0`, 'CONNECTED');
    if (role.kind === 'worker') work(client, role);
  },
};
