import { z } from 'zod';
import { DEFAULT_STOMP_LIMITS, DEFAULT_WAMP_LIMITS } from '../../subprotocols/index.js';
import type { FrameLimits, ScanLimits, StompLimits, WampLimits } from '../../subprotocols/index.js';
import { COUNT, KIB, MIB, whole } from './limits-schema.js';

/** The parts of a frame whose limits hold before and after the login. */
function frameParts(defaults: Omit<FrameLimits, 'body' | 'frame'>) {
  return {
    command: whole(defaults.command, [16, KIB], 'The command', 'bytes'),
    headerName: whole(defaults.headerName, [16, 64 * KIB], 'The name of a header', 'bytes'),
    headerValue: whole(defaults.headerValue, [64, MIB], 'The value of a header', 'bytes'),
    headers: whole(defaults.headers, [8, 10_000], 'Header lines, repeated ones included'),
  } satisfies Record<Exclude<keyof FrameLimits, 'body' | 'frame'>, z.ZodType<number>>;
}

const frames = DEFAULT_STOMP_LIMITS;

/** `subprotocols.stomp.limits` */
export const stompLimitsSchema = z
  .strictObject({
    beforeLogin: z
      .strictObject({
        ...frameParts(frames.beforeLogin),
        body: whole(frames.beforeLogin.body, [0, MIB], 'The body', 'bytes'),
        frame: whole(frames.beforeLogin.frame, [KIB, MIB], 'The whole frame, however it was split', 'bytes'),
      } satisfies Record<keyof StompLimits['beforeLogin'], z.ZodType<number>>)
      .prefault({})
      .describe('What a frame may have before CONNECTED'),
    afterLogin: z
      .strictObject(frameParts(frames.afterLogin))
      .prefault({})
      .describe(
        'What a frame may have afterwards; its body and its whole are bounded by `limits.messageBytes`',
      ),
    loginFrameMs: whole(
      frames.loginFrameMs,
      [100, 300_000],
      'From a frame’s first octet to its last before CONNECTED',
      'ms',
    ),
    frameMs: whole(frames.frameMs, [100, 600_000], 'Without a further piece of an unfinished frame', 'ms'),
    receiptBytes: whole(frames.receiptBytes, [16, 64 * KIB], 'A `receipt`', 'bytes'),
    transactions: whole(frames.transactions, [0, 10_000], 'Open transactions of one session'),
    transactionFrames: whole(frames.transactionFrames, COUNT, 'Frames in one transaction'),
    transactionBytes: whole(
      frames.transactionBytes,
      [0, 1024 * MIB],
      'Headers and bodies in all open transactions of one session',
      'bytes',
    ),
    replyAddresses: whole(frames.replyAddresses, [0, 100_000], 'Reply addresses (`/temp-queue/…`)'),
    unacknowledged: whole(
      frames.unacknowledged,
      COUNT,
      'Deliveries of one subscription whose ACK or NACK is still told from a forged one',
    ),
    lingerMs: whole(
      frames.lingerMs,
      [0, 60_000],
      'From the RECEIPT of DISCONNECT to our close, if the client does not close first',
      'ms',
    ),
  } satisfies Record<keyof StompLimits, z.ZodType>)
  .prefault({})
  .describe('What one STOMP session may send and hold');

function scan(defaults: ScanLimits) {
  return z
    .strictObject({
      maxDepth: whole(defaults.maxDepth, [4, 128], 'Containers inside containers'),
      maxItems: whole(defaults.maxItems, [64, 10_000_000], 'Values of all kinds, keys included'),
      // No string is longer than its message, so the largest message is as good as no limit.
      maxString: whole(Math.min(defaults.maxString, 16 * MIB), [64, 16 * MIB], 'One string', 'bytes'),
    } satisfies Record<keyof ScanLimits, z.ZodType<number>>)
    .prefault({});
}

/** `subprotocols.wamp.limits` */
export const wampLimitsSchema = z
  .strictObject({
    beforeLogin: scan(DEFAULT_WAMP_LIMITS.beforeLogin).describe('What a message may hold before WELCOME'),
    afterLogin: scan(DEFAULT_WAMP_LIMITS.afterLogin).describe('What a message may hold afterwards'),
  } satisfies Record<keyof WampLimits, z.ZodType>)
  .prefault({})
  .describe(
    'What one WAMP message may hold. STOMP bodies that are read as values keep fixed limits: 64 containers inside each ' +
      'other, 100 000 values',
  );
