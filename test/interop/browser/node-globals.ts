/** Names that Node has in its global object and a browser has not; AutobahnJS's serializers use them. */
export { Buffer } from 'buffer';

/** The part of `process` that readable-stream needs. */
export const process = {
  env: {},
  version: '',
  nextTick(callback: (...what: unknown[]) => void, ...what: unknown[]): void {
    queueMicrotask(() => callback(...what));
  },
};
