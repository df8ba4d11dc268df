import { z } from 'zod';
import { text } from './checked-text.js';

const host = text(
  (value) => value.length <= 253 && /^[A-Za-z0-9._:-]+$/.test(value),
  'an IP address or a host name, without port and brackets',
);

const socket = text(
  // The system has room for 108 octets, one of them the end.
  (value) => value.length > 0 && Buffer.byteLength(value) <= 107 && !value.includes('\0'),
  'a path of 1 to 107 bytes',
);

const path = text(
  (value) => /^(?:\/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)+$/.test(value) && value.length <= 256,
  'a path such as /lp: no empty or dotted segment, no slash at the end',
);

const listener = z
  .strictObject({
    kind: z
      .enum(['stomp-tcp', 'rawsocket', 'longpoll'])
      .describe('STOMP over TCP, WAMP over RawSocket, or WAMP over HTTP long-poll'),
    host: host.optional().describe('The address to listen at. Default: `host` of the server'),
    port: z.int().min(0).max(65_535).optional().describe('The port to listen at; 0 takes a free one'),
    socket: socket
      .optional()
      .describe(
        'A Unix socket to listen at instead of a port; who may connect is said by the rights of its folder',
      ),
    tls: z.boolean().default(false).describe('Whether it is served with the certificate of `tls`'),
    path: path.optional().describe('The path below which long-poll is served. Default: `/lp`'),
  })
  .refine(({ port, socket: file }) => (port === undefined) !== (file === undefined), {
    path: ['port'],
    message: 'a port or a socket, one of them',
  })
  .refine(({ socket: file, host: name, tls }) => file === undefined || (name === undefined && !tls), {
    path: ['socket'],
    message: 'a path, without host and tls beside it',
  })
  .refine(({ kind, socket: file }) => kind !== 'longpoll' || file === undefined, {
    path: ['socket'],
    message: 'nothing for long-poll, which needs a port',
  })
  .refine(({ kind, path: below }) => kind === 'longpoll' || below === undefined, {
    path: ['path'],
    message: 'nothing but for long-poll',
  });

/** `listeners` */
export const listenersSchema = z
  .array(listener)
  .max(100)
  .default([])
  .describe('Ports for clients that speak no WebSocket (`docs/transports.md`)');

/** One of `listeners`. */
export type ListenerConfig = z.output<typeof listener>;
