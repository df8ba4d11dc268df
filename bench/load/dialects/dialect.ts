import type { Client } from '../client.js';

/** What one client of a scenario is there for. */
export type Role =
  | { readonly kind: 'publisher' | 'subscriber'; readonly topic: string }
  | { readonly kind: 'sender' }
  | { readonly kind: 'worker'; readonly queue: string; readonly credit: number }
  | { readonly kind: 'caller'; readonly tag: number }
  | { readonly kind: 'callee' };

/** How the clients of a contender speak; everything is text of one character a byte, ASCII unless it is binary. */
export interface Dialect {
  /** The token that is offered, if any. */
  readonly subprotocol: string | undefined;
  /** Messages are binary ones. Default false. */
  readonly binary?: boolean;
  /** The path of the endpoint for a role. */
  path(role: Role): string;
  /** Logs in after the 101 and takes up the role; resolves when it is in force at the server. */
  begin(client: Client, role: Role): Promise<void>;
  /** A publication; `sequence` counts from 1 per publisher and serves as its request id. */
  publication(topic: string, sequence: number, payload: string): string;
  /** The two characters that a delivery begins with; empty: anything. */
  readonly deliverySignature: string;
  /** The payload of a delivery. @throws Error if the message is none. */
  delivered(message: string): string;
  /** A call; `sequence` counts from 1 per caller and serves as its request id. */
  call(sequence: number, payload: string): string;
  /** The callee's answer to an invocation: the same payload again. @throws Error if the message is none. */
  answer(invocation: Buffer): string;
  /** The two characters that a result begins with; empty: anything. */
  readonly resultSignature: string;
  /** The payload of a result. @throws Error if the message is none. */
  returned(message: string): string;
  /** Undefined: it has no queues. */
  readonly queues?: QueueDialect;
}

/** How senders and workers of a queue speak. */
export interface QueueDialect {
  /** A persistent message; `sequence` counts from 1 per sender and serves as its request id. */
  enqueue(queue: string, sequence: number, payload: string): string;
  /** The two characters that the confirmation of a message begins with. */
  readonly confirmationSignature: string;
  /** The payload of what a worker is given. @throws Error if the message is none. */
  given(message: string): string;
  /** The acknowledgement of it. */
  settle(message: string): string;
  /** What is said at the end, and what the answer to it begins with: all that was said before has been done then. */
  readonly farewell: readonly [string, string];
}
