import type { Socket } from 'node:net';
import type { CoarseTimers } from '../lib/index.js';

/** What an `admit` hook sees of an upgrade request. */
export interface UpgradeRequest {
  readonly path: string;
  readonly query: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly remoteAddress: string;
}

/** Asked before the 101: a status (400 … 599) refuses, undefined goes on. */
export type AdmitHook = (request: UpgradeRequest) => number | undefined | Promise<number | undefined>;

/** How an admission ended. With `gone` there is nobody left to answer. */
export type AdmissionEnd =
  | { readonly kind: 'admitted' }
  | { readonly kind: 'gone' }
  | { readonly kind: 'late' }
  | { readonly kind: 'refused'; readonly status: number }
  | { readonly kind: 'failed'; readonly error: unknown };

/**
 * Asks the hook and waits for its answer, at most `timeoutMs`, and no longer than the client stays. Calls back exactly
 * once; answers that come later are ignored.
 */
export function admit(
  hook: () => ReturnType<AdmitHook>,
  socket: Socket,
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
    socket.off('close', gone);
    socket.off('end', gone);
    socket.off('readable', look);
    done(end);
  };
  const gone = (): void => settle({ kind: 'gone' });
  // Nobody reads yet: an end of the stream is only seen by looking for it.
  const look = (): void => {
    if (socket.readableLength === 0) socket.read();
  };
  const deadline = timers.schedule(timeoutMs, () => settle({ kind: 'late' }));
  socket.once('close', gone);
  socket.once('end', gone);
  socket.on('readable', look);
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
