import { WebSocket } from 'ws';

/** Gives the clients what every browser has, and Node only from version 22 on: a `WebSocket` in the global object. */
export function provideWebSocket(): void {
  Object.assign(globalThis, { WebSocket });
}
