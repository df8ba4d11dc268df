import type { LoggerService } from '@nestjs/common';
import type { FieldValue, Instrumentation } from '../../broker/index.js';

/** Fields that are never written, whoever reports them. */
const SECRET = /secret|passcode|password|ticket|signature|cookie|authorization|payload|body|query/i;
/** Events that tell of trouble: here, or on the other side. */
const WARNINGS =
  /refus|reject|error|fail|abort|evict|overload|dropped|damaged|kept|full|watermark|unreadable|set-back|taken-over/i;

/** Writes what the router reports as log lines: one per event, errors with their stack. Counters are not written. */
export function logInstrumentation(logger: LoggerService): Instrumentation {
  return {
    count() {},
    event(name, fields) {
      const shown = withoutSecrets(fields);
      if (WARNINGS.test(name)) logger.warn(name, shown, 'Router');
      else logger.log(name, shown, 'Router');
    },
    defect(where, error) {
      const { message, stack } = error instanceof Error ? error : new Error(String(error));
      logger.error(`defect in ${where}: ${message}`, { stack }, 'Router');
    },
  };
}

function withoutSecrets(fields: Readonly<Record<string, FieldValue>>): Record<string, FieldValue> {
  const shown: Record<string, FieldValue> = {};
  for (const [key, value] of Object.entries(fields)) {
    if (value === undefined) continue;
    if (SECRET.test(key)) shown[key] = '(not shown)';
    else if (typeof value === 'string') shown[key] = withoutQuery(value);
    else shown[key] = value;
  }
  return shown;
}

/** Tickets travel in query strings: of a URL or path, only what comes before is written. */
function withoutQuery(text: string): string {
  return /^(?:[a-z]+:\/)?\//i.test(text) ? text.replace(/\?.*$/s, '?(not shown)') : text;
}
