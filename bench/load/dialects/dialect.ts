import type { Client } from '../client.js';

/** What one client of a scenario is there for. */
export type Role =
  | { readonly kind: 'publisher' | 'subscriber'; readonly topic: string }
  | { readonly kind: 'caller'; readonly tag: number }
  | { readonly kind: 'callee' };

/** How the clients of a contender speak; everything is ASCII text. */
export interface Dialect {
  /** The token that is offered, if any. */
  readonly subprotocol: string | undefined;
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
}
