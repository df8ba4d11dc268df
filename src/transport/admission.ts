import type { Socket } from 'node:net';
import type { CoarseTimers } from '../lib/index.js';
import type { ListenOptions } from './listener.js';

/** What an `admit` hook sees of somebody who wants to connect. */
export interface UpgradeRequest {
  /** How it comes. A bare socket (`stomp-tcp`, `rawsocket`) has no path, no query and no headers. */
  readonly transport: 'websocket' | ListenOptions['kind'];
  readonly path: string;
  readonly query: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly remoteAddress: string;
}

/** Asked before a connection is answered or read: a status (400 … 599) refuses, undefined goes on. */
export type AdmitHook = (request: UpgradeRequest) => number | undefined | Promise<number | undefined>;

/** How an admission ended. With `gone` there is nobody left to answer. */
export type AdmissionEnd =
  | { readonly kind: 'admitted' }
  | { readonly kind: 'gone' }
  | { readonly kind: 'late' }
  | { readonly kind: 'refused'; readonly status: number }
  | { readonly kind: 'failed'; readonly error: unknown };

/** Who waits for an admission. */
export interface Applicant {
  /** Calls back when the client has left; returns what ends the watch. */
  watch(left: () => void): () => void;
  /** Ends the connection without an answer. */
  destroy(): void;
}

/** The applicant on a socket that nobody reads yet: its end is only seen by looking for it. */
export function socketApplicant(socket: Socket): Applicant {
  return {
    watch(left) {
      const look = (): void => {
        if (socket.readableLength === 0) socket.read();
      };
      socket.once('close', left);
      socket.once('end', left);
      socket.on('readable', look);
      return () => {
        socket.off('close', left);
        socket.off('end', left);
        socket.off('readable', look);
      };
    },
    destroy: () => void socket.destroy(),
  };
}

/**
 * Asks the hook and waits for its answer, at most `timeoutMs`, and no longer than the client stays. Calls back exactly
 * once; answers that come later are ignored.
 */
export function admit(
  hook: () => ReturnType<AdmitHook>,
  applicant: Applicant,
  timers: CoarseTimers,
  timeoutMs: number,
  done: (end: AdmissionEnd) => void,
): void {
  let answer: ReturnType<AdmitHook>;
  try {
    answer = hook();
  } catch (error) {
    done({ kind: 'failed', error });
    return;
  }
  if (answer === undefined || typeof answer === 'number') {
    done(endOf(answer));
    return;
  }
  let settled = false;
  const settle = (end: AdmissionEnd): void => {
    if (settled) return;
    settled = true;
    deadline.cancel();
    stopWatching();
    done(end);
  };
  const deadline = timers.schedule(timeoutMs, () => settle({ kind: 'late' }));
  const stopWatching = applicant.watch(() => settle({ kind: 'gone' }));
  Promise.resolve(answer).then(
    (status) => settle(endOf(status)),
    (error: unknown) => settle({ kind: 'failed', error }),
  );
}

function endOf(status: unknown): AdmissionEnd {
  if (status === undefined) return { kind: 'admitted' };
  if (typeof status === 'number' && Number.isInteger(status) && status >= 400 && status <= 599) {
    return { kind: 'refused', status };
  }
  return { kind: 'failed', error: new Error('admit answers with undefined or a status from 400 to 599.') };
}
