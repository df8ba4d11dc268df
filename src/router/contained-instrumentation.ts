import type { Instrumentation } from '../broker/index.js';

/**
 * The embedder's instrumentation, made harmless: what it throws, or rejects with, reaches nobody. It is reported as a defect,
 * and if that fails too, it is passed over: a logger that is broken must not end the process or a realm.
 */
export function contained(instrumentation: Instrumentation): Instrumentation {
  const attempt = (where: string, report: () => unknown): void => {
    const failed = (error: unknown): void => {
      if (where !== 'instrumentation.defect') contain(() => instrumentation.defect(where, error));
    };
    contain(report, failed);
  };
  return {
    count: (counter, by) => attempt('instrumentation.count', () => instrumentation.count(counter, by)),
    event: (name, fields) => attempt('instrumentation.event', () => instrumentation.event(name, fields)),
    defect: (where, error) => attempt('instrumentation.defect', () => instrumentation.defect(where, error)),
  };
}

function contain(report: () => unknown, failed: (error: unknown) => void = () => {}): void {
  try {
    const result = report();
    // An async method satisfies the interface too.
    if (result instanceof Promise) result.catch(failed);
  } catch (error) {
    failed(error);
  }
}
