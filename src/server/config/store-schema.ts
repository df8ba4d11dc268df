import { z } from 'zod';
import { text } from './checked-text.js';
import { GIB, KIB, MIB, whole } from './limits-schema.js';

const DAY_MS = 86_400_000;
const YEAR_MS = 366 * DAY_MS;

const PLAIN_WORDS = /^[^\s.#*\p{Cc}]+(?:\.[^\s.#*\p{Cc}]+)*$/u;
const WORDS = /^[^\s.\p{Cc}]+(?:\.[^\s.\p{Cc}]+)*$/u;

const queueName = text(
  (value) => value.length <= 255 && PLAIN_WORDS.test(value),
  'words joined by dots, without white space, `*` and `#`',
);

const match = text(
  (value) => value.length <= 255 && WORDS.test(value),
  'words joined by dots; `*` stands for one word, `#` for any number of words',
);

const folder = text(
  (value) => value.length > 0 && value.length <= 4096 && !value.includes('\0'),
  'a path to a folder of the server’s own; it is made if it is not there',
);

const lmdb = z
  .strictObject({
    path: folder.describe('The folder of the store; one server at a time'),
    sync: z
      .enum(['commit', 'interval'])
      .default('commit')
      .describe(
        '`commit`: what is confirmed is on disk. `interval`: the disk is told every second; a power cut or a crash of the ' +
          'system (not of the server) may lose what was confirmed in that second',
      ),
    commitDeadlineMs: whole(
      5000,
      [100, 600_000],
      'A commit that takes longer has failed, and with it the store',
      'ms',
    ),
    reserveBytes: whole(
      8 * MIB,
      [0, 1024 * GIB],
      'Free space of the file system below which publishers are refused, so that consumers can go on',
      'bytes',
    ),
  })
  .optional()
  .describe('Keeps them in an LMDB file; without it in memory, and nothing survives a restart');

/** `store` */
export const storeSchema = z
  .strictObject({ lmdb })
  .prefault({})
  .describe('Where queues, retained messages and histories are kept');

const queueRule = z
  .strictObject({
    match: match.describe(
      'The queues that this is for; the first rule that matches counts. A queue whose name ends in `.dead` is meant only ' +
        'where this ends in `.dead` too',
    ),
    durable: z.boolean().default(true).describe('Whether the queue is kept in the store, if there is one'),
    maxMessages: z
      .int()
      .min(1)
      .max(1_000_000_000)
      .optional()
      .describe(
        'Messages in the queue, delivered and not acknowledged ones too. Default: `limits.queueMessages`',
      ),
    maxBytes: z
      .int()
      .min(KIB)
      .max(1024 * GIB)
      .meta({ unit: 'bytes' })
      .optional()
      .describe('Payloads and headers in the queue. Default: `limits.queueBytes`'),
    overflow: z
      .enum(['reject-publish', 'drop-head'])
      .optional()
      .describe(
        'Whether a message that does not fit is refused, or the oldest one makes room for it. Default: refused; ' +
          'in a queue whose name ends in `.dead` the oldest one goes',
      ),
    messageTtlMs: z
      .int()
      .min(0)
      .max(YEAR_MS)
      .meta({ unit: 'ms' })
      .optional()
      .describe('How long a message may wait. Default: for ever'),
    expiresMs: z
      .int()
      .min(1)
      .max(YEAR_MS)
      .meta({ unit: 'ms' })
      .optional()
      .describe('The queue is deleted after so long without consumers. Default: never'),
    autoDelete: z
      .boolean()
      .default(false)
      .describe('Whether the queue is deleted, messages and all, when its last consumer has left'),
    singleActive: z
      .boolean()
      .default(false)
      .describe('Whether one consumer at a time gets messages and the others stand by'),
    maxDeliveries: z
      .int()
      .min(1)
      .max(1_000_000)
      .optional()
      .describe(
        'How often a message is delivered before it is given up. Default: 20; no limit in a queue whose name ends in `.dead`',
      ),
    deadLetterQueue: queueName
      .optional()
      .describe('The queue for messages that are given up. Default: the name of the queue and `.dead`'),
    deadLetterTopic: queueName.optional().describe('The topic that they are published to instead'),
    discardDead: z.boolean().default(false).describe('Throws them away instead'),
    clientArguments: z
      .boolean()
      .default(true)
      .describe('Whether clients may say more about such a queue when they make it (`docs/stomp.md`)'),
  })
  .refine(
    ({ deadLetterQueue, deadLetterTopic, discardDead }) =>
      [deadLetterQueue !== undefined, deadLetterTopic !== undefined, discardDead].filter(Boolean).length <= 1,
    { path: ['deadLetterQueue'], message: 'one of deadLetterQueue, deadLetterTopic and discardDead' },
  );

/** `queues` */
export const queuesSchema = z
  .array(queueRule)
  .max(1000)
  .default([])
  .describe('Policies of queues; without one a queue has the defaults');

/** One rule of `queues`. */
export type QueueRuleConfig = z.output<typeof queueRule>;

const historyRule = z.strictObject({
  match: match.describe('The topics that this is for; the first rule that matches counts'),
  entries: whole(100, [1, 1_000_000], 'Events that each topic keeps'),
  bytes: whole(MIB, [KIB, GIB], 'Payloads and headers of the events that each topic keeps', 'bytes'),
});

/** `history` */
export const historySchema = z
  .array(historyRule)
  .max(1000)
  .default([])
  .describe('Topics that keep their last events, for subscribers that ask for what they missed');
