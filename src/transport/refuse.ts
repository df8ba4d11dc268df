import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { CoarseTimers } from '../lib/index.js';
import type { HandshakeRefusal } from './handshake.js';

/** How long a peer may take to read a refusal before its socket is destroyed, in ms. */
const LINGER_MS = 1_000;

/** Answers an upgrade request without upgrading, then ends the socket. What the client still sends is discarded. */
export function refuse(socket: Socket, refusal: HandshakeRefusal, timers: CoarseTimers): void {
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const body = `${refusal.message}\n`;
  const headers: Readonly<Record<string, string>> = {
    Connection: 'close',
    'Content-Type': 'text/plain; charset=utf-8',
    'Content-Length': String(Buffer.byteLength(body)),
    ...refusal.headers,
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  const timer = timers.schedule(LINGER_MS, () => socket.destroy());
  socket.once('close', () => timer.cancel());
  socket.once('end', () => socket.destroy());
  socket.resume();
  socket.end(
    `HTTP/1.1 ${refusal.status} ${STATUS_CODES[refusal.status] ?? ''}\r\n${lines.join('')}\r\n${body}`,
  );
}
