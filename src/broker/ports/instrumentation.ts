/** Values that an event may carry; never payload, never secrets. */
export type FieldValue = string | number | boolean | undefined;

/** What happened, for logs and metrics; the floors below the router know no logger. */
export interface Instrumentation {
  /** Adds to a named counter. */
  count(counter: string, by?: number): void;
  /** Reports one event with its fields. */
  event(name: string, fields: Readonly<Record<string, FieldValue>>): void;
  /** Reports a defect: something was thrown where nothing may throw. */
  defect(where: string, error: unknown): void;
}

/** Reports nothing. */
export const noInstrumentation: Instrumentation = {
  count() {},
  event() {},
  defect() {},
};
